//! Who waits for ever for other processes is told; who is released late is not.

use super::common::{conc, text};

/// How often each of these runs; more with `CONC_CASES`.
fn rounds(usual: u32) -> u32 {
    std::env::var("CONC_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Who waits for what nobody comes to any more is told, whatever it is, though others go on.
#[test]
fn knots_of_all_kinds_are_told_while_others_go_on() {
    const WAITS: [&str; 9] = [
        "room.acquire()",
        "go.wait()",
        "opened.wait()",
        "all.wait()",
        "jobs.put(1); jobs.put(2)",
        "jobs.put(1); jobs.join()",
        "with m { changed.wait() }",
        "select { jobs.get() => { }\n room.acquire() => { } }",
        "m.acquire(); let q = fork(); if q == 0 { with m { } } else { join q }",
    ];
    for round in 0..rounds(1) {
        for wait in WAITS {
            let script = format!(
                "shared semaphore room(0)
                shared event go
                shared latch opened(1)
                shared barrier all(2)
                shared queue jobs(1)
                shared lock m
                shared condition changed for m
                process waits {{ {wait} }}
                process beats {{ loop {{ sleep 1ms }} }}
                start beats
                sleep {round}ms
                start waits
                loop {{ sleep 1ms }}"
            );
            let output = conc(&["run", "--timeout", "60s", "-e", &script], "");
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{wait}: {told}");
            assert!(told.contains("deadlock: ") && told.contains("thread \"waits-1 (pid "), "{wait}: {told}");
        }
    }
}

/// Those who wait for long, again and again, while somebody can still release them, are no knot.
#[test]
fn who_is_released_late_is_in_no_knot() {
    for round in 0..rounds(3) {
        let script = format!(
            "seed({round})
            shared queue asks(1), answers(1)
            shared lock m
            shared condition changed for m
            shared event over
            shared var turns = 0
            process asker {{ repeat 6 {{ asks.put(randint(20, 70)); answers.get() }}; over.set() }}
            process teller {{
                loop {{
                    select {{
                        let pause = asks.get() => {{ sleep pause * 1ms; answers.put(nil) }}
                        over.wait()            => {{ return }}
                    }}
                    with m {{ turns += 1; changed.notify_all() }}
                }}
            }}
            process watches {{ with m {{ while turns < 6 {{ changed.wait() }} }} }}
            process spawns {{ repeat 5 {{ join start late(m, changed); sleep 20ms }} }}
            process late(guard, news) {{ sleep 30ms; with guard {{ news.notify() }} }}
            let all = [start asker, start teller, start watches, start spawns]
            let idle = start late(m, changed)
            join idle
            join all
            print(turns)"
        );
        let output = conc(&["run", "--timeout", "60s", "-e", &script], "");
        assert_eq!(text(&output.stdout), "6\n", "{}", text(&output.stderr));
    }
}
