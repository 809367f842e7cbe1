//! The tape alone: what comes again, what is lost, and what is left by whoever was killed.

use super::*;

const SECOND: u64 = 7;
const THIRD: u64 = 3 << 32 | 5;

fn tape() -> Tape {
    Tape::new(true).expect("there is memory")
}

/// As a recorder tells it: the same again in short, if that can be.
fn tell(tape: &Tape, chunk: &mut Chunk, event: [u64; EVENT]) -> bool {
    let [time, second, third, number] = event;
    number == 0 && tape.write_again(chunk, second, third, time) || tape.write(chunk, event)
}

fn events(tape: &Tape) -> Vec<[u64; EVENT]> {
    let (read, _) = tape.read(Scale::of_one());
    read.into_iter().flat_map(|chunk| chunk.events).collect()
}

/// The same, another thing, another thread's time, a long pause, a number: all of it is read as it was told.
#[test]
fn what_comes_again_is_read_as_it_was_told() {
    for again in [0, 1, 3, 4, 5, 15, 16, 17, 100, 400] {
        let tape = tape();
        let mut chunk = tape.chunk(1, 0).expect("there are chunks");
        let mut told = Vec::new();
        let mut time = 10;
        let mut event = |step: u64, second: u64, third: u64, number: u64| {
            time += step;
            told.push([time, second, third, number]);
            assert!(tell(&tape, &mut chunk, [time, second, third, number]));
        };
        event(0, SECOND | SIZED, THIRD, 9);
        (0..again).for_each(|n| event(if n % 3 == 0 { 0xffff } else { n }, SECOND, THIRD, 0));
        event(0x10000, SECOND, THIRD, 0);
        event(1, SECOND, THIRD, 0);
        event(1, SECOND, THIRD + 1, 0);
        event(1, SECOND, THIRD, 4);
        event(0, SECOND + 1, THIRD, 0);
        let open = events(&tape);
        tape.done(&chunk);
        assert_eq!(events(&tape), told);
        assert_eq!(open, told);
        assert_eq!(chunk.events, told.len() as u64);
        assert!(chunk.count <= 6 + again as usize / IN_A_SLOT + 2);
    }
}

/// A full chunk says so, and whatever was told is there.
#[test]
fn a_chunk_takes_so_many() {
    let tape = tape();
    let mut chunk = tape.chunk(1, 0).expect("there are chunks");
    let mut count = 0;
    while tell(&tape, &mut chunk, [count, SECOND, THIRD, 0]) {
        count += 1;
    }
    assert_eq!(count as usize, 1 + (CHUNK - 1) * IN_A_SLOT);
    let read = events(&tape);
    assert!(read.iter().map(|event| event[0]).eq(0..count));
}

/// Who is killed has told all but what it was about to, wherever that was.
#[test]
fn whoever_is_killed_leaves_nothing_wrong() {
    let tape = tape();
    let mut chunk = tape.chunk(1, 0).expect("there are chunks");
    (0..=IN_A_SLOT as u64).for_each(|time| assert!(tell(&tape, &mut chunk, [time, SECOND, THIRD, 0])));
    // The next one takes a slot: it stands in the event already that it is there, and not yet in the head.
    let told = SECOND | ((IN_A_SLOT as u64 + 1) * AGAIN);
    tape.word(chunk.latest + 1).store(told, Ordering::Relaxed);
    assert!(events(&tape).iter().map(|event| event[0]).eq(0..=IN_A_SLOT as u64));
}

/// Of more than are read those in the middle are left out, whole chunks each, and that is told.
#[test]
fn the_first_and_the_last_are_read() {
    let tape = tape();
    let (mut time, mut number) = (0, 0);
    let mut chunk = tape.chunk(1, 0).expect("there are chunks");
    while number < 2 * EVENTS as u64 {
        if !tell(&tape, &mut chunk, [time, SECOND, THIRD, 0]) {
            tape.done(&chunk);
            chunk = tape.chunk(1, 0).expect("there are chunks");
            continue;
        }
        (time, number) = (time + 3, number + 1);
    }
    let (read, lost) = tape.read(Scale::of_one());
    let all: Vec<u64> = read.iter().flat_map(|chunk| &chunk.events).map(|event| event[0] / 3).collect();
    assert!(all.len() <= EVENTS && all.len() > EVENTS - 2 * CHUNK * IN_A_SLOT, "{}", all.len());
    assert_eq!(all.len() as u64 + lost.events, number);
    let first = all.iter().zip(0..).take_while(|(event, at)| **event == *at).count();
    assert!(first <= FIRST_EVENTS && first > FIRST_EVENTS - CHUNK * IN_A_SLOT, "{first}");
    assert_eq!((lost.from / 3, lost.to / 3), (first as u64, first as u64 + lost.events - 1));
    assert_eq!(all.last(), Some(&(number - 1)));
}

/// Chunks that are used again tell of what was there, also of what came again.
#[test]
fn what_is_written_over_is_counted() {
    let tape = tape();
    let (mut number, mut full) = (0, 0);
    let mut chunk = tape.chunk(1, 0).expect("there are chunks");
    while full < 2 * CHUNKS {
        // Some chunks have few events, others many.
        let second = if full % 5 == 0 { SECOND } else { SECOND + number % 2 };
        if !tell(&tape, &mut chunk, [number, second, THIRD, 0]) {
            tape.done(&chunk);
            chunk = tape.chunk(1, 0).expect("there are chunks");
            full += 1;
            continue;
        }
        number += 1;
    }
    let (read, lost) = tape.read(Scale::of_one());
    let kept: usize = read.iter().map(|chunk| chunk.events.len()).sum();
    assert_eq!(kept as u64 + lost.events, number);
    assert!(kept <= EVENTS && lost.from < lost.to && lost.to < number);
}
