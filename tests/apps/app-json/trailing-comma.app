convention: a comma behind the last one
source: https://www.rfc-editor.org/rfc/rfc8259
fails: import: app.json line 2 is not JSON: a comma has nothing behind it
-- Procfile
web: true
-- app.json
{
  "env": { "A": "b", },
  "name": "Shop"
}
