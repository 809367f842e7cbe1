//! Strategies by themselves: threads that only take steps, and none that waits.

use super::{Dive, Started, Strategy, of};
use crate::explore::options;
use fastrand::Rng;
use std::collections::HashMap;

/// Draws one run of threads with so many steps each, all started by `main`, which takes none: who moved, step by step.
fn draw(strategy: &mut dyn Strategy, dice: &mut Rng, steps: &[u64]) -> Vec<u32> {
    let mut threads = vec![Started { name: 0, parent: None, steps: 0 }];
    threads.extend((1..=steps.len()).map(|name| Started { name: name as u32, parent: Some(0), steps: 0 }));
    strategy.begin(dice);
    threads.iter().for_each(|thread| strategy.started(*thread, dice));
    let mut run = Vec::new();
    loop {
        let able: Vec<u32> =
            (1..=steps.len()).filter(|at| threads[*at].steps < steps[at - 1]).map(|at| at as u32).collect();
        if able.is_empty() {
            break;
        }
        let thread = able[strategy.pick(&able, dice)];
        threads[thread as usize].steps += 1;
        run.push(thread);
        strategy.moved(thread, &[], dice);
    }
    strategy.end(&threads, false);
    run
}

fn many(strategy: options::Strategy, steps: &[u64], runs: u32) -> HashMap<Vec<u32>, u32> {
    let (mut strategy, mut dice) = (of(strategy), Rng::with_seed(7));
    let mut found = HashMap::new();
    for _ in 0..runs {
        *found.entry(draw(&mut *strategy, &mut dice, steps)).or_insert(0) += 1;
    }
    found
}

fn switches(run: &[u32]) -> usize {
    run.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn uniform_is_uniform_although_threads_are_of_different_lengths() {
    // (1 + 4)! / (1! 4!) = 5 interleavings, of which a plain walk draws one every second time.
    let uniform = many(options::Strategy::Uniform, &[1, 4], 5000);
    assert_eq!(uniform.len(), 5);
    assert!(uniform.values().all(|times| (900..1100).contains(times)), "{uniform:?}");
    let walk = many(options::Strategy::Walk, &[1, 4], 5000);
    assert!((2350..2650).contains(&walk[&vec![1, 2, 2, 2, 2]]), "{walk:?}");
}

#[test]
fn pct_interrupts_at_most_as_often_as_its_depth_allows() {
    for depth in 1..5 {
        let runs = many(options::Strategy::Pct { depth }, &[5, 5, 5], 2000);
        // Two switches when threads end, and two for each change: away, and back at last.
        let most = runs.keys().map(|run| switches(run)).max().unwrap_or(0);
        assert!(most <= 2 + 2 * (depth as usize - 1), "depth {depth}: {most}");
        assert!(depth == 1 || most > 2, "depth {depth}: {most}");
    }
    assert_eq!(many(options::Strategy::Pct { depth: 1 }, &[5, 5, 5], 2000).len(), 6);
}

#[test]
fn pct_finds_each_order_of_two_changes() {
    // Thread 1 is interrupted by 2, which is interrupted by 3; only where the first change falls below the second is
    // 2 continued before 1, and the other way round.
    let runs = many(options::Strategy::PCT, &[2, 2, 2], 20_000);
    for order in [[1, 2, 3, 3, 2, 1], [1, 2, 3, 3, 1, 2]] {
        assert!(runs.contains_key(order.as_slice()), "{order:?}");
    }
}

#[test]
fn who_goes_round_falls_below_all_others() {
    let (mut pct, mut dice) = (of(options::Strategy::PCT), Rng::with_seed(1));
    for _ in 0..100 {
        pct.begin(&mut dice);
        for name in 0..3 {
            pct.started(Started { name, parent: None, steps: 0 }, &mut dice);
        }
        let first = pct.pick(&[0, 1, 2], &mut dice) as u32;
        pct.goes_round(first);
        let second = pct.pick(&[0, 1, 2], &mut dice) as u32;
        assert_ne!(first, second);
        pct.goes_round(second);
        let third = pct.pick(&[0, 1, 2], &mut dice) as u32;
        assert!(third != first && third != second);
        // The one that has waited longest is the next.
        pct.goes_round(third);
        assert_eq!(pct.pick(&[0, 1, 2], &mut dice) as u32, first);
    }
}

#[test]
fn pos_draws_again_only_where_steps_race() {
    let (mut pos, mut dice) = (of(options::Strategy::Pos), Rng::with_seed(1));
    let mut changed = [0, 0];
    for _ in 0..1000 {
        for (kind, rivals) in [[].as_slice(), &[1, 2]].into_iter().enumerate() {
            pos.begin(&mut dice);
            for name in 0..3 {
                pos.started(Started { name, parent: None, steps: 0 }, &mut dice);
            }
            // Which of 1 and 2 comes first is decided, unless both raced with 0.
            let before = pos.pick(&[1, 2], &mut dice);
            pos.moved(0, rivals, &mut dice);
            changed[kind] += usize::from(pos.pick(&[1, 2], &mut dice) != before);
        }
    }
    assert_eq!(changed[0], 0);
    assert!((400..600).contains(&changed[1]), "{changed:?}");
}

#[test]
fn turns_go_round() {
    let (mut turns, mut dice) = (of(options::Strategy::Turns), Rng::with_seed(1));
    let by_priorities: Vec<bool> = (0..6)
        .map(|_| {
            draw(&mut *turns, &mut dice, &[2, 2]);
            turns.by_priorities()
        })
        .collect();
    assert_eq!(by_priorities, [false, false, true, false, false, true]);
}

#[test]
fn each_run_ahead_of_a_search_goes_in_its_own_order() {
    let mut dice = Rng::with_seed(0);
    let mut dive = Dive::default();
    let orders = [[0, 0, 0, 1], [0, 0, 0, 3], [1, 2, 3, 0]];
    for expected in orders {
        dive.begin(&mut dice);
        for name in 0..4 {
            dive.started(Started { name, parent: None, steps: 0 }, &mut dice);
        }
        let mut order = Vec::new();
        for step in 0..4 {
            // The first one cannot go on after three steps.
            let able = if step == 3 && order[2] == 0 { &[1, 2, 3][..] } else { &[0, 1, 2, 3][..] };
            let picked = able[dive.pick(able, &mut dice)];
            dive.moved(picked, &[], &mut dice);
            order.push(picked);
        }
        assert_eq!(order, expected);
    }
    dive.begin(&mut dice);
    for name in 0..2 {
        dive.started(Started { name, parent: None, steps: 0 }, &mut dice);
    }
    dive.goes_round(0);
    assert_eq!(dive.pick(&[0, 1], &mut dice), 1, "who waits by going round comes last");
}
