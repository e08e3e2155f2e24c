convention: the kinds of process of Piku are names
source: https://piku.github.io/configuration/procfile.html (wsgi: a module that uWSGI runs)
deployed: yes
buildpack: none
process wsgi: app:application
process cron: * * * * * true
fails: the Procfile has no process named web (but cron, wsgi): name what is to run, as in `deployctl scale … web=0 cron=1`
-- Procfile
wsgi: app:application
cron: * * * * * true
