convention: files that begin with a dot are not served, but for `.well-known`
source: https://www.rfc-editor.org/rfc/rfc8615
buildpack: static
process web: …lighttpd…
get /.secret: 403 …
get /.well-known/security.txt: 200 me
-- index.html
-- .secret
x
-- .well-known/security.txt
me
