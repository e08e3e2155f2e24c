convention: lines that end with CR LF, and a byte order mark, as Windows writes them
source: plain habit
deployed: yes
buildpack: none
process web: exec python3 -m http.server --bind $HOST $PORT
process worker: exec sleep infinity
sets GREETING: hello
formation web: 1
formation worker: 1
get /page.txt: 200 apples
units: web.1 worker.1
-- Procfile [crlf, bom]
web: exec python3 -m http.server --bind $HOST $PORT
worker: exec sleep infinity
-- app.json [crlf, bom]
{
  "formation": { "web": { "quantity": 1 }, "worker": { "quantity": 1 } },
  "env": { "GREETING": "hello" }
}
-- page.txt
apples
