convention: a tree that nothing recognises
source: https://devcenter.heroku.com/articles/buildpacks#detection-failure
heroku: refused
dokku: refused
deployd: refused, with the names of files that it knows and what to write
deployed: yes
buildpack: none
fails: there is no Procfile in the root of commit …, and no buildpack says what is to run
-- README.md
# Shop
