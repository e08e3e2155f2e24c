convention: no `web`
source: https://devcenter.heroku.com/articles/procfile
source: https://dokku.com/docs/processes/process-management/ (only web is scaled to 1 on the first deploy)
heroku: nothing runs
dokku: nothing runs
deployd: refused, with the command that says how many
deployed: yes
buildpack: none
process worker: exec sleep infinity
fails: the Procfile has no process named web (but worker): name what is to run, as in `deployctl scale … web=0 worker=1`
-- Procfile
worker: exec sleep infinity
