convention: a module without a program
source: https://go.dev/doc/code
fails: build: the go buildpack exited with status 1: go: no main packages to build
-- go.mod
module shop

go 1.19
-- shop.go
package shop
