convention: pages beside a Procfile are those of the app
source: plain habit
buildpack: none
process web: true
-- Procfile
web: true
-- index.html
