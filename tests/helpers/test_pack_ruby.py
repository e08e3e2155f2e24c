# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of Ruby. The gems are in the tree."""

GEMSPEC = b"""Gem::Specification.new do |gem|
  gem.name, gem.version, gem.summary, gem.authors = "apples", "1.0.0", "apples", ["me"]
  gem.files, gem.bindir, gem.executables = ["lib/apples.rb"], "exe", ["count-apples"]
end
"""
RUBY = {
    "Gemfile": b'source "https://rubygems.org"\ngem "apples", path: "apples"\ngroup :test do\n  gem "pears", path: "pears"\nend\n',
    "Gemfile.lock": b"""PATH
  remote: apples
  specs:
    apples (1.0.0)

PATH
  remote: pears
  specs:
    pears (1.0.0)

GEM
  remote: https://rubygems.org/
  specs:

PLATFORMS
  ruby

DEPENDENCIES
  apples!
  pears!

BUNDLED WITH
   2.3.15
""",
    "apples/apples.gemspec": GEMSPEC,
    "apples/exe/count-apples": (b"#!/usr/bin/env ruby\nputs Apples::COUNT\n", 0o755),
    "apples/lib/apples.rb": b"module Apples; COUNT = 3; end\n",
    "pears/pears.gemspec": GEMSPEC.replace(b"apples", b"pears"),
    "pears/lib/pears.rb": b"",
    "app.rb": b"""require "bundler/setup"
require "apples"
require "socket"
Bundler.load.specs.each { |spec| puts "gem #{spec.name}" }
server = TCPServer.new(ENV["HOST"], ENV["PORT"])
puts "open"
$stdout.flush
loop do
  client = server.accept
  client.readpartial(4096)
  client.write "HTTP/1.0 200 OK\\r\\n\\r\\n#{Apples::COUNT} #{ENV["RACK_ENV"]} #{Gem.loaded_specs.key?("pears")}\\n"
  client.close
end
""",
}


def test_ruby(apps, serve):
    result = apps.good(RUBY)
    assert (result.answer["buildpack"], result.answer["default.web"]) == (
        "ruby", "exec bundle exec ruby app.rb -o $HOST -p $PORT")
    assert serve(result, "open\n")().endswith("\n\n3 production false\n")


def test_ruby_starts_what_config_ru_has(apps):
    """https://github.com/rack/rack#rackup, and Heroku: puma where it is a gem of the app."""
    files = {name: content for name, content in RUBY.items() if name != "app.rb"}
    assert "default.web" not in apps.good(files).answer
    assert apps.good({**files, "config.ru": b""}).answer["default.web"] == "exec bundle exec rackup -o $HOST -p $PORT config.ru"


def test_ruby_without_what_is_locked(apps):
    assert "apples" in apps.error({**RUBY, "Gemfile": RUBY["Gemfile"].replace(b'gem "apples", path: "apples"\n', b"")})
