convention: a command is a line of the shell: quotes, `$PORT`, `&&`, `;`, `#`
source: https://devcenter.heroku.com/articles/procfile
source: https://12factor.net/port-binding
heroku: yes
dokku: yes
deployd: yes
deployed: yes
buildpack: none
process web: cd "$HOME" && printf '%s' "a 'b' 100% \$ $(echo c);" >answer.txt; exec python3 -m http.server --bind $HOST $PORT # pages
get /answer.txt: 200 a 'b' 100% $ c;
units: web.1
-- Procfile
web: cd "$HOME" && printf '%s' "a 'b' 100% \$ $(echo c);" >answer.txt; exec python3 -m http.server --bind $HOST $PORT # pages
