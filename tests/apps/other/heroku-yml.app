convention: `heroku.yml`
source: https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
heroku: on the stack `container`
dokku: no
deployd: refused
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with heroku.yml (deployd builds no images; COMMAND may be that of its CMD); commit a Procfile with the line 'web: COMMAND'
-- heroku.yml
build: { docker: { web: shop/Dockerfile } }
-- shop/Dockerfile
FROM debian
