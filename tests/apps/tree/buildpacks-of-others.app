convention: a buildpack of others by its address
source: https://devcenter.heroku.com/articles/third-party-buildpacks
heroku: yes
dokku: yes
deployd: refused: install it in `/etc/deployd/buildpacks`
fails: build: .buildpacks: there is no buildpack "https://github.com/heroku/heroku-buildpack-apt", only c, go, node, php, python, ruby, rust, static and none
-- .buildpacks
https://github.com/heroku/heroku-buildpack-apt
python
-- requirements.txt
