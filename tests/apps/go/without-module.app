convention: `main.go` without `go.mod`
source: https://devcenter.heroku.com/articles/go-support (a go.mod is required)
heroku: refused
dokku: refused
deployd: yes, with a warning: the standard library only
buildpack: go
process web: exec bin/web
warning: there is no go.mod: only the standard library is there, and the program is called web
-- main.go
package main

func main() {}
