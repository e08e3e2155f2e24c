convention: comments in the file, which JSON has not
source: https://www.rfc-editor.org/rfc/rfc8259
heroku: refused
dokku: refused
deployd: refused, with the line
fails: import: app.json line 3 is not JSON: it has a comment
-- Procfile
web: true
-- app.json
{
  "name": "Shop",
  // how many
  "formation": {}
}
