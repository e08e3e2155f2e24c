# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps of Go, Rust and C."""


GO = {
    "go.mod": b"module example.com/fruit/shop/v2\n\ngo 1.19\n",
    # Not net/http, with which twice as much of the standard library is compiled: -trimpath has none of it ready.
    "main.go": b"""package main
import ("fmt"; "net"; "os"; "example.com/fruit/shop/v2/apples")
func main() {
        listener, err := net.Listen("tcp", os.Getenv("HOST")+":"+os.Getenv("PORT"))
        if err != nil { panic(err) }
        fmt.Println("open")
        for {
                stream, err := listener.Accept()
                if err != nil { panic(err) }
                stream.Read(make([]byte, 4096))
                fmt.Fprintf(stream, "HTTP/1.0 200 OK\\r\\n\\r\\n%d\\n", apples.Count)
                stream.Close()
        }
}
""",
    "apples/apples.go": b"package apples\nconst Count = 3\n",
    "cmd/worker/main.go": b"package main\nfunc main() {}\n",
}


def test_go(apps, serve):
    result = apps.good(GO)
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("go", "exec bin/shop")
    assert {name for name in result.tree() if name.startswith("bin/")} == {"bin/shop", "bin/worker"}
    assert serve(result, "open\n")().endswith("\n\n3\n")

    # A main.go alone, of the standard library; and bin/ is in PATH.
    main = GO["main.go"].replace(b'; "example.com/fruit/shop/v2/apples"', b"").replace(b"apples.Count", b"3")
    result = apps.good({"main.go": main, "Procfile": b"web: web\n"})
    assert serve(result, "open\n", line="exec web")().endswith("\n\n3\n")


RUST = {
    "Cargo.toml": b'[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n',
    "Cargo.lock": b'version = 3\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n',
    "src/main.rs": b"""use std::{env, io::{Read, Write}, net::TcpListener};
fn main() {
    let listener = TcpListener::bind(format!("{}:{}", env::var("HOST").unwrap(), env::var("PORT").unwrap())).unwrap();
    println!("open");
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.0 200 OK\\r\\n\\r\\nrust\\n").unwrap();
    }
}
""",
}


def test_rust(apps, serve):
    result = apps.good(RUST)
    assert (result.answer["buildpack"], result.answer["default.web"]) == ("rust", "exec bin/shop")
    assert serve(result, "open\n")().endswith("\n\nrust\n")


def test_c(apps, serve):
    result = apps.good({"Makefile": b"app: app.c\n\tcc -Wall -o $@ $<\n", "app.c": b"""#include <stdio.h>
int main(void) { return puts("it runs") < 0; }
"""})
    assert result.answer["buildpack"] == "c" and "default.web" not in result.answer
    serve(result, "it runs\n", line="exec ./app")


def test_c_says_what_the_compiler_said(apps):
    assert apps.error({"Makefile": b"app: app.c\n\tcc -o $@ $<\n", "app.c": b"int main(void) { return apples; }"}) == (
        "the c buildpack exited with status 1: app.c:1:25: error: ‘apples’ undeclared (first use in this function)")
