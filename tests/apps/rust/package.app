convention: `Cargo.toml`: its program
source: https://elements.heroku.com/buildpacks/emk/heroku-buildpack-rust
heroku: by a buildpack of others
dokku: by a buildpack of others
deployd: yes
buildpack: rust
process web: exec bin/shop
warning: there is no Cargo.lock: each build may get other versions of the crates
-- Cargo.toml
[package]
name = "shop"
version = "0.1.0"
edition = "2021"
-- src/main.rs
fn main() {}
