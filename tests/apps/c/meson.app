convention: meson, CMake, autotools
source: https://mesonbuild.com/Running-Meson.html
heroku: by buildpacks of others
dokku: by buildpacks of others
deployd: refused; with `build-command='meson setup build && ninja -C build'` and a Procfile: yes
fails: import: nothing says what is to run: there is no Procfile, and no buildpack knows a program to start in a tree with meson.build; commit a Procfile with the line 'web: COMMAND'
-- meson.build
project('shop', 'c')
executable('shop', 'shop.c')
-- shop.c
int main(void) { return 0; }
