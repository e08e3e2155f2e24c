convention: a version that is none
source: https://github.com/nvm-sh/nvm#nvmrc
fails: build: the node buildpack exited with status 1: .nvmrc asks for node lts/fnord, which is no version
-- package.json
{}
-- .nvmrc
lts/fnord
