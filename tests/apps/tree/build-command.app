convention: a tree that nothing recognises, with a command that builds it
source: https://dokku.com/docs/deployment/builders/ (a builder of another kind)
setting build-command: sh build.sh
buildpack: command
process web: exec ./shop
file shop:
-- Procfile
web: exec ./shop
-- build.sh
printf '#!/bin/sh\nsleep infinity\n' >shop
chmod +x shop
