convention: languages that have no buildpack here: Java, Scala, Clojure, Elixir, Deno, Swift
source: https://devcenter.heroku.com/articles/officially-supported-buildpacks
heroku: Java, Scala and Clojure
dokku: Java, Scala and Clojure
deployd: refused; a buildpack of your own, or `build-command` and a Procfile
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with pom.xml; commit a Procfile with the line 'web: COMMAND'
-- pom.xml
<project/>
