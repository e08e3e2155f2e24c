convention: a newer Go than that of the machine
source: https://go.dev/doc/toolchain (a Go from 1.21 on fetches it)
heroku: yes
dokku: yes
deployd: yes from Go 1.21 on, otherwise refused
fails: build: the go buildpack exited with status 1: go.mod asks for Go 1.99.0, and this machine has 1.…
-- go.mod
module shop

go 1.99.0
-- main.go
package main

func main() {}
