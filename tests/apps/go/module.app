convention: `go.mod`: its programs, in `bin/`
source: https://devcenter.heroku.com/articles/go-support
heroku: yes
dokku: yes
deployd: yes; all programs without `// +heroku install`
buildpack: go
process web: exec bin/shop
process worker: worker
file bin/shop:
file bin/worker:
-- go.mod
module example.com/fruit/shop/v2

go 1.19
-- main.go
package main

func main() {}
-- cmd/worker/main.go
package main

func main() {}
-- Procfile
worker: worker
