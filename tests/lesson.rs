//! `conc lesson` from outside: pages that are right, pages that are wrong in each way, and what `--update` writes.

mod common;
#[path = "common/directory.rs"]
mod folder;

use folder::{directory, run};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder with a page in it.
fn lesson(name: &str, page: &str) -> std::path::PathBuf {
    let folder = directory(name, "print(\"from a file\")\n");
    fs::write(folder.join("a.md"), page).expect("written");
    folder
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("a.md")).expect("readable")
}

/// What is said of a page that is wrong, and where.
#[track_caller]
fn wrong(name: &str, text: &str, place: &str, parts: &[&str]) {
    let folder = lesson(name, text);
    let (status, out, err) = run(&folder, &["lesson", "@a.md"]);
    assert_eq!(status, Some(1), "{name}: {out}{err}");
    assert!(out.contains(&format!("a.md:{place}: ")), "{name}: not at {place}:\n{out}");
    for part in parts {
        let part = part.replace('@', &format!("{}/", folder.display()));
        assert!(out.contains(&part), "{name}: lacks `{part}`:\n{out}");
    }
    assert_eq!(page(&folder), text, "{name}: nothing is written without --update");
}

const RIGHT: &str = r#"# A page

```conc
~var total = 1
print(total)
```

```output
1
```

- In a list, and going on:

  ```conc continue
  total += 1
  print("now {total}")
  ```

  ```output
  now ...
  ```

```conc check races fails=E0323
var total = 0
thread add { total += 1 }
join start add(), start add()
print("total {total}")
ensure total == 2
```

```outcomes
total 1
total 2
```

```conc deadlocks
lock a
a.acquire()
a.acquire()
```

```report
deadlock: thread "main" waits for itself
...
```

```conc
lock b
```

```conc continue check deadlocks
b.acquire()
~b.acquire()
```

```output
fails: ...
...
   line | main
   -----+-------
        | begins

deadlock: thread "main" waits for itself
  thread "main"  holds b (line 3), waits for b (line 4)
...
```

```conc
lock c
```

```conc continue deadlocks
c.acquire()
~c.acquire()
```

```report
deadlock: thread "main" waits for itself
  thread "main"  holds c (line 3), waits for c (line 4)
...
```

```conc fails=E0313
print(1 / 0)
```

```conc fails=E0201
print(nothing)
```

```conc check fails=E0201
print(nothing)
```

```conc check livelocks
var on = true
start { while on { } }
while on { }
```

```conc
print("one outcome")
print("of two lines")
```

```outcomes
one outcome
of two lines
```

```conc sim seed=3
parallel { print("a"); print("b") }
```

```output any-order
b
a
```

```conc no-run
with some_lock { never_declared() }
```

```conc file=a.conc
print("from a file")
```

```output
from a file
```

```python
print("not ours")
```

```output
whatever
```
"#;

#[test]
fn a_page_that_is_right() {
    let folder = lesson("right", RIGHT);
    let (status, out, err) = run(&folder, &["lesson", "@"]);
    assert_eq!((status, &*err), (Some(0), "15 blocks in 1 lesson: all as the lessons say\n"), "{out}");
    assert!(out.ends_with("a.md: 15 blocks, ok\n"), "{out}");
    let (status, ..) = run(&folder, &["lesson", "--update", "@a.md"]);
    assert_eq!((status, page(&folder)), (Some(0), RIGHT.to_string()));
}

#[test]
fn a_page_that_is_wrong_says_where_and_how() {
    wrong(
        "output",
        "```conc\nprint(1)\nprint(2)\n```\n```output\n1\n3\n```\n",
        "5",
        &["differs", "- 3", "+ 2"],
    );
    wrong("error", "\n```conc\nlet a = 0\nprint(1 / a)\n```\n", "4:7", &["should go wrong", "[E0313]"]);
    wrong("fine", "```conc fails\nprint(1)\n```\n", "1", &["the page says `fails`", "nothing went wrong"]);
    wrong("code", "```conc fails=E0301\nprint(1 / 0)\n```\n", "2:7", &["fails=E0301", "E0313"]);
    wrong("deadlock", "```conc\nqueue q\nq.get()\n```\n", "3", &["deadlock (status 3)", "q.get()"]);
    wrong(
        "unsaid",
        "```conc check\nvar x = 0\njoin start { x += 1 }, start { x += 1 }\n```\n",
        "3:32",
        &["does not say: races: data race on x"],
    );
    wrong("unfound", "```conc check deadlocks\nprint(1)\n```\n", "1", &["does not find it"]);
    wrong("limit", "```conc check timeout=100ms\nvar n = 0\nloop { n += 1 }\n```\n", "1", &["limit of time"]);
    wrong("time", "```conc timeout=200ms\n\nloop { }\n```\n", "3", &["did not end in time", "main"]);
    wrong("sim", "```conc sim timeout=200ms\nloop { }\n```\n", "2", &["did not end in time", "main"]);
    wrong("syntax", "```conc no-run\nprint(1\n```\n", "2:6", &["never closed"]);
    wrong("word", "text\n```conc chekc\n```\n", "2", &["`chekc` is no word", "did you mean `check`?"]);
    wrong("words", "text\n```conc quickly\n```\n", "2", &["`quickly` is no word", "there are `sim`"]);
    wrong("answer", "```conc\nprint(1)\n```\n```outcome\n2\n```\n", "4", &["is it `outcomes`?"]);
    wrong(
        "behind",
        "```conc check outcomes\nprint(1)\n```\n",
        "1",
        &["`outcomes` is a block of its own, behind"],
    );
    wrong("pandoc", "```{.conc}\nprint(1)\n```\n", "1", &["a script begins with `conc`"]);
    wrong(
        "open",
        "```conc\nprint(1)\n\n```output\n1\n```\n",
        "4",
        &["the block of line 1, which is not closed"],
    );
    wrong("exit", "```conc\nexit(3)\n```\n", "1", &["it ended with status 3"]);
    wrong("case", "```Conc\nprint(1)\n```\n", "1", &["a script begins with `conc`"]);
    wrong("unknown", "```conc fails=E0999\nprint(1 / 0)\n```\n", "1", &["no error has the code E0999"]);
    wrong("outcomes", "```conc\nprint(1)\n```\n```outcomes\n2\n```\n", "4", &["- 2", "+ 1"]);
    wrong("file", "```conc file=b.conc\n```\n", "1", &["cannot read b.conc: there is no such file"]);
    wrong("stale", "```conc file=a.conc\nprint(2)\n```\n", "1", &["not what its file says"]);
    let memory = "```conc\nlet xs = [0]\nloop { xs.extend(xs) }\n```\n";
    wrong("memory", memory, "3:8", &["[E0316]", "nothing should go wrong"]);
    wrong("refused", "```conc\nprint(read(\"/etc/passwd\"))\n```\n", "2:7", &["--allow-read"]);
}

/// What a run says of a line is said of the page's own: numbers, columns, the source line as it stands there.
#[test]
fn reports_are_told_of_the_pages_lines() {
    let list = "# t\n\n- one\n\n  ```conc\n  ~fn half(x) {\n  ~    return 1 / x\n  ~}\n  let a = 0\n  ```\n\nand\n\n\
                > ```conc continue\n> lock m\n> with m {\n>     half(a)\n> }\n> ```\n";
    wrong(
        "list",
        list,
        "7:15",
        &[
            "     --> @a.md:7:15\n      |\n    7 |   ~    return 1 / x\n      |               ^^^^^ in half",
            "    = called from the script (line 17)",
            "it held m (line 16)",
        ],
    );
    let ring = "\n\n\n\n\n\n> ```conc\n> lock a\n> ~lock b\n> barrier both(2)\n\
                > let one = start { with a { both.wait(); with b { } } }\n> with b { both.wait(); with a { } }\n> ```\n";
    wrong(
        "ring",
        ring,
        "12",
        &[
            "holds b (line 12), waits for a (line 12)",
            "--> @a.md\n    11 | > let one = start {",
            "\n    12 | > with b {",
            "\"thread-1 (line 11)\"",
        ],
    );
    let races = "```conc\nlet a = 1\n```\n\n```conc continue races\nvar n = 0\n~thread add { n += 1 }\njoin start add(), start add()\nprint(1 / 0)\n```\n";
    wrong(
        "raced",
        &races.replace(" races", "").replace("print(1 / 0)", "throw \"line 2\""),
        "9:1",
        &["error[E0300]: line 2\n"],
    );
    wrong(
        "races",
        &races.replace("print(1 / 0)", "n.x"),
        "9:1",
        &["--> @a.md:7:15\n      |\n    7 | ~thread add { n += 1 }\n      |               ^^^^^^ thread"],
    );
    let checked = "- x\n\n  ```conc check\n  lock a\n  ~lock b\n  let t = start { with a { with b { } } }\n  with b { with a { } }\n  ```\n";
    wrong("checked", checked, "7", &["deadlocks", "    6 |   let t = start", "    7 |   with b {"]);
    let typed = "text\n\n1. ~~~conc check\n   let a = [\n     1,\n     2\n   print(a)\n   ~~~\n";
    wrong("typed", typed, "4:12", &["--> @a.md:4:12", "    4 |    let a = [\n      |            ^"]);
    let failed = "```conc check\nvar n = 0\n~n = 1\nassert n == 0, \"line 1\"\n```\n";
    wrong("failed", failed, "4:8", &["line 1\n    4 | assert n == 0", "\n      |        ^\n"]);
}

/// Whatever the reader's locale: a page is in one language.
#[test]
fn a_block_may_be_reported_in_chinese() {
    let page = "```conc lang=zh fails=E0311\nlet a = [1]\nprint(a[3])\n```\n\n```report\n错误[E0311]: ...\n --> script:2:7\n...\n```\n\n\
                ```conc check lang=zh\nprint(1)\n```\n\n```output\n成立: ...\n...\n```\n";
    let (status, out, err) = run(&lesson("chinese", page), &["lesson", "@a.md"]);
    assert_eq!(status, Some(0), "{out}{err}");
    let deadlock = "# 一页\n\n```conc lang=zh\nlock m\nm.acquire()\nm.acquire()\n```\n";
    let parts =
        ["    死锁: 线程 \"main\" 在等它自己\n", "（第 5 行），等待 m（第 6 行）\n", "    6 | m.acquire()\n"];
    wrong("chinese deadlock", deadlock, "5", &parts);
}

#[test]
fn update_writes_outputs_and_nothing_else() {
    let text = "# t  \n> ```conc\n> print(\"a\\n\\nb\")\n> ```\n\n> ```output\n> x\n> ```\n\n```conc file=a.conc\n```\n\
                ```outcomes\n```\n```conc\nloop { assert false }\n```\n```output\nkept\n```\n\tend\n";
    let folder = lesson("update", text);
    let (status, out, _) = run(&folder, &["lesson", "--update", "@a.md"]);
    assert_eq!(status, Some(1), "{out}");
    let expected = text
        .replace("> x\n", "> a\n>\n> b\n")
        .replace("file=a.conc\n", "file=a.conc\nprint(\"from a file\")\n")
        .replace("```outcomes\n", "```outcomes\nfrom a file\n");
    assert_eq!(page(&folder), expected);
    let left: Vec<_> = fs::read_dir(&folder).expect("readable").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
    // What has failed is not written.
    assert!(out.contains("a.md:15:8: nothing should go wrong"), "{out}");
}

#[test]
fn folders_are_taken_whole_and_every_file_counts() {
    let folder = lesson("many", "```conc\nprint(1)\n```\n");
    fs::create_dir_all(folder.join("deep")).expect("made");
    for n in 0..6 {
        let page = format!("```conc\nprint({n})\n```\n```output\n{}\n```\n", n % 5);
        fs::write(folder.join(format!("deep/{n}.md")), page).expect("written");
    }
    // Nothing ever comes from a pipe, and what is hidden is somebody else's.
    fs::write(folder.join(".hidden.md"), "```conc\nprint(\n```\n").expect("written");
    let made = Command::new("mkfifo").arg(folder.join("pipe.md")).status().expect("mkfifo runs");
    assert!(made.success());
    let (status, out, err) = run(&folder, &["lesson", "--jobs", "3", "@"]);
    assert_eq!((status, &*err), (Some(1), "7 blocks in 7 lessons: 1 wrong, in 1 lesson\n"), "{out}");
    assert!(out.contains("5.md:4: the output differs"), "{out}");
}

#[test]
fn files_are_told_in_the_order_of_a_book() {
    let folder = lesson("order", "");
    fs::remove_file(folder.join("a.md")).expect("it is there");
    for number in [1, 2, 10, 11] {
        // The first is the last to be done.
        let wait = if number == 1 { "sleep 300ms" } else { "" };
        fs::write(folder.join(format!("{number}-page.md")), format!("```conc\n{wait}\n```\n"))
            .expect("written");
    }
    let (status, out, err) = run(&folder, &["lesson", "--jobs", "4", "@"]);
    assert_eq!(status, Some(0), "{out}{err}");
    let numbers =
        |line: &str| line.rsplit('/').next().and_then(|name| name.split('-').next()).map(str::to_string);
    assert_eq!(out.lines().filter_map(numbers).collect::<Vec<_>>(), ["1", "2", "10", "11"], "{out}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = lesson("unreadable", "");
    fs::create_dir_all(folder.join("empty")).expect("made");
    let (status, _, err) = run(&folder, &["lesson", "@empty"]);
    assert!(status == Some(2) && err.contains("no .md file"), "{err}");
    let (status, _, err) = run(&folder, &["lesson", "@none.md"]);
    assert!(status == Some(2) && err.contains("cannot read") && err.contains("none.md"), "{err}");
}
