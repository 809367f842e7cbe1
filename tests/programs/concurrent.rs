//! Programs of many threads whose result is known: whatever the order, they end well and print one number.

/// A program and what it prints.
pub fn program(seed: u64) -> (String, String) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (threads, rounds) = (random.u64(1..6), random.u64(1..30));
    let (capacity, permits) = (random.u64(1..4), random.u64(1..3));
    let count = threads * rounds;
    let text = match random.u8(..9) {
        0 => format!(
            "lock a, b\nvar n = 0\nthread t {{ repeat {rounds} {{ with a, b {{ n += 1 }} }} }}
             let ts = [start t() for i in 0..{threads}]\njoin ts\nprint(n)"
        ),
        1 => format!(
            "queue q({capacity})\nvar n = 0\nthread t {{ repeat {rounds} {{ q.put(1) }} }}
             thread taker {{ for x in q {{ n += x }} }}\nlet c = start taker()
             parallel for i in 0..{threads} {{ repeat {rounds} {{ q.put(1) }} }}\nq.close()\njoin c\nprint(n)"
        ),
        2 => format!(
            "semaphore s({permits})\natomic n = 0
             parallel for i in 0..{threads} {{ repeat {rounds} {{ with s {{ n.add(1); yield }} }} }}\nprint(n.value)"
        ),
        3 => format!(
            "barrier b({threads})\natomic n = 0
             parallel for i in 0..{threads} {{ repeat {rounds} {{ n.add(1); b.wait() }} }}\nprint(n.value)"
        ),
        4 => format!(
            "pool p({capacity})\nfn one(x) => 1\nprint(sum(p.map(one, 0..{count})))\np.close()"
        ),
        5 => format!(
            "var n = 0\nmonitor M() {{ fn add() {{ n += 1 }} }}\nlet m = M()
             parallel for i in 0..{threads} {{ repeat {rounds} {{ m.add() }} }}\nprint(n)"
        ),
        6 => format!(
            "queue a({capacity}), b\nvar n = 0\nlatch done({threads})
             for i in 0..{threads} {{ start {{ for j in 0..{rounds} {{ if j % 2 == 0 {{ a.put(1) }} else {{ b.put(1) }} }}
             done.count_down() }} }}
             repeat {count} {{ select {{ let x = a.get() => {{ n += x }}\nlet x = b.get() => {{ n += x }} }} }}
             done.wait()\nprint(n)"
        ),
        7 => format!(
            "lock m\ncondition changed for m\nvar n = 0\nvar turn = 0
             parallel for i in 0..{threads} {{ repeat {rounds} {{ with m {{ while turn != i {{ changed.wait() }}
             n += 1; turn = (turn + 1) % {threads}; changed.notify_all() }} }} }}\nprint(n)"
        ),
        _ => format!(
            "var n = 0\nparallel for i in 0..{threads} {{ repeat {rounds} {{ atomically {{ n += 1 }} }} }}\nprint(n)"
        ),
    };
    (text, format!("{count}\n"))
}
