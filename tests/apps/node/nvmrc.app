convention: `.nvmrc`: a version, a part of one, `lts/NAME`
source: https://github.com/nvm-sh/nvm#nvmrc
heroku: ignored
dokku: ignored
deployd: yes
fails: build: the node buildpack exited with status 1: .nvmrc asks for node lts/gallium: this machine has v…; the npm registry, which has others, did not answer: …
-- package.json
{}
-- .nvmrc
lts/gallium
