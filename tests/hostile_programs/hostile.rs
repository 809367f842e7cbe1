//! Hostile programs: pieces that each ask for too much (memory, threads, calls, time, values within themselves), put together at
//! random, in threads and timers, inside of handlers and locks.

/// Statements that use `v` (a variable of the top level), `xs` (a list), `m` (a map), `q` (a queue), `k` (a lock) and `f` (a function of one argument).
const STATEMENTS: &[&str] = &[
    "xs.push(xs)",
    "xs.push([xs, m])",
    "m[len(m)] = m",
    "m[v] = xs",
    "v = \"x\" * 10**12",
    "v = [0] * 2**40",
    "v = list(0..10**15)",
    "v = \"{v}{v}\"",
    "repeat 40 { v = [v, v] }",
    "repeat 60 { xs.extend(copy(xs)) }",
    "loop { xs.extend(xs) }",
    "loop { v = \"{v}{v}\" }",
    "loop { m[len(m)] = \"a text that is on the heap: {len(m)}\" }",
    "print(f(v))",
    "print(xs == copy(xs), m == copy(m), xs < xs)",
    "print(str(xs).len > 0, str(m).len > 0)",
    "print(sorted([xs, xs]), xs in xs, xs.index(xs))",
    "print(set([v, v]))",
    "m[xs] = v",
    "print(json(m))",
    "print(json(xs))",
    "print(parse_json(\"[\" * 10_000))",
    "q.put(q)",
    "q.put(xs)",
    "print(q.get(timeout: 1ms))",
    "loop { q.put(v) }",
    "f = fn(x) => f(f)",
    "f = fn(x) => [f, x]",
    "v = f",
    "v = copy(v)",
    "v = v + v",
    "v = v * v",
    "v = v ** v",
    "v += 2**62",
    "v = v[v]",
    "v = v.len",
    "v.next = v",
    "v()",
    "start { loop { } }",
    "loop { start { q.get() } }",
    "loop { start { sleep 1s } }",
    "repeat 100 { start f(v) }",
    "k.acquire()",
    "k.release()",
    "exit(2**40)",
    "throw v",
    "throw xs",
    "throw error(\"kind\", str(xs))",
    "sleep 10**6 * 1min",
    "sleep -1s",
    "await v == 7",
    "join current_thread()",
    "join threads()",
    "seed(-1)",
    "v = range(-2**62, 2**62, -3)",
    "print(\"{v:1000000000000}\")",
    "print(sum(0..10**18))",
    "v = 9223372036854775807 // -1",
    "v = -9223372036854775807 - 1; v //= -1",
    "v = 1.0e308 * 10; v = int(v)",
    "v = chr(-1)",
    "v = \"\u{1F512}余\"[1..-1] * 3",
    "v = xs[-2**62..2**62]",
    "v = \"\".join(xs)",
    "v = \"\".split(\"\")",
    "print(sorted(m.items(), key: fn(x) => x, reverse: v))",
    "for x in xs { xs.push(x) }",
    "for x in m { m[len(m)] = x }",
    "while true { if len(xs) > 50 { break } else { xs.push(v) } }",
    "select { let x = q.get() => { v = x }\n    else => { v = nil } }",
    "select { q.put(v) => { }\n    after 1us => { } }",
];

/// Statements around others, which stand at `@`.
const AROUND: &[&str] = &[
    "try { @ } catch e { v = e }",
    "try { @ } catch \"memory\", \"recursion\" { v = nil }",
    "try { @ } finally { xs.clear() }",
    "with k { @ }",
    "with k timeout 1ms { @ } else { v = 0 }",
    "start { @ }",
    "parallel { @ }",
    "parallel for i in 0..4 { @ }",
    "atomically { @ }",
    "repeat 3 { @ }",
    "if v == xs { @ } else { @ }",
    "fn again(n) { @\n again(n + 1) }\nagain(0)",
    "thread t { @ }\njoin start t",
    "class C { var a = v\n fn m() { @\n return self } }\nv = C().m()",
    "monitor M { var a = v\n condition c\n fn m() { @\n c.wait(timeout: 1ms) } }\nv = M().m()",
    "timer t after 1ms { @ }\nstart t",
    "daemon timer t every 1ms { @ }\nstart t",
    "defer fn() { @ }()",
    "f = fn(x) { @ }",
    "{ @ }",
];

/// The program of a number.
pub fn program(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text =
        String::from("var v = 1\nvar xs = [1]\nvar m = {}\nqueue q(5)\nlock k\nvar f = fn(x) => x\n");
    for _ in 0..random.usize(1..6) {
        text += &statement(&mut random, 3);
        text.push('\n');
    }
    text
}

fn statement(random: &mut fastrand::Rng, depth: usize) -> String {
    if depth == 0 || random.u8(..3) == 0 {
        return STATEMENTS[random.usize(..STATEMENTS.len())].to_string();
    }
    let around = AROUND[random.usize(..AROUND.len())];
    let mut text = String::new();
    for (at, piece) in around.split('@').enumerate() {
        if at > 0 {
            let inner: Vec<String> = (0..random.usize(1..4)).map(|_| statement(random, depth - 1)).collect();
            text += &inner.join("\n");
        }
        text += piece;
    }
    text
}
