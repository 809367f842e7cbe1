//! What each kind of thing looks like: by its pattern first, so that it can be told in grey and without seeing colours, and by
//! a colour besides (after Okabe and Ito, whose colours differ in brightness too).

use super::super::Waiting;
use super::super::spans::Kind;

/// Class and words of what a thread can do.
pub const RUNS: (&str, &str) = ("runs", "runs");
/// Of the simulated world.
pub const DOES: (&str, &str) = ("does", "a step");
pub const READY: (&str, &str) = ("ready", "could go on");

pub fn waits(kind: Waiting) -> (&'static str, &'static str) {
    match kind {
        Waiting::Blocked => ("blocked", "waits for another"),
        Waiting::Sleeps => ("sleeps", "sleeps"),
        Waiting::Outside => ("outside", "waits for what is outside"),
        Waiting::Idle => ("idle", "has no task"),
        Waiting::Interpreter => ("interpreter", "waits for the interpreter"),
    }
}

/// How an arrow's line is broken.
pub fn arrow(kind: Kind) -> &'static str {
    match kind {
        Kind::Start => "start",
        Kind::Join => "join",
        Kind::Notify => "notify",
        Kind::Hand => "hand",
        Kind::Release => "release",
    }
}

pub const STYLE: &str = r##"<defs>
<pattern id="p-blocked" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" fill="#fff"/><rect width="2.6" height="7" fill="#d55e00"/></pattern>
<pattern id="p-sleeps" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/><circle cx="3" cy="3" r="1.1" fill="#777"/></pattern>
<pattern id="p-outside" width="6" height="5" patternUnits="userSpaceOnUse"><rect width="6" height="5" fill="#fff"/><rect width="6" height="1.6" fill="#009e73"/></pattern>
<pattern id="p-interpreter" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" fill="#fff"/><rect width="1.4" height="7" fill="#9b4f84"/><rect width="7" height="1.4" fill="#9b4f84"/></pattern>
<pattern id="p-often" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#fff4cc"/><rect width="1.4" height="4" fill="#b8860b"/></pattern>
<pattern id="p-missing" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="10" height="10" fill="#eee"/><rect width="1" height="10" fill="#999"/></pattern>
<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0,0.8 L8,4 L0,7.2 Z" fill="#222"/></marker>
</defs>
<style>
text { fill: #111; }
.light { fill: #555; }
.back { fill: #fff; fill-opacity: 0.88; pointer-events: none; }
.strong { font-weight: bold; }
.runs { fill: #56b4e9; stroke: #1f6f9f; stroke-width: 0.6; }
.does { fill: #b9dff5; stroke: #1f6f9f; stroke-width: 1.2; }
.ready { fill: #f4f4f4; stroke: #aaa; stroke-width: 0.6; }
.blocked { fill: url(#p-blocked); stroke: #a34700; stroke-width: 0.8; }
.sleeps { fill: url(#p-sleeps); stroke: #777; stroke-width: 0.6; }
.outside { fill: url(#p-outside); stroke: #00724f; stroke-width: 0.6; }
.idle { fill: #fff; stroke: #888; stroke-width: 0.7; stroke-dasharray: 3 2; }
.interpreter { fill: url(#p-interpreter); stroke: #7a3a66; stroke-width: 0.6; }
.holds { fill: #ffe9a8; stroke: #8a6400; stroke-width: 0.8; }
.often { fill: url(#p-often); stroke: #8a6400; stroke-width: 0.8; }
.missing { fill: url(#p-missing); }
.crowded { stroke: none; }
.grid { stroke: #ddd; stroke-width: 0.7; }
.rule { stroke: #999; stroke-width: 0.7; }
.ended { stroke: #222; stroke-width: 2; }
.failed { stroke: #a00000; stroke-width: 2.4; }
.forever { stroke: #a00000; stroke-width: 3.5; }
.start, .join, .notify, .hand, .release { stroke: #222; stroke-width: 1; fill: none; marker-end: url(#head); }
.many { stroke-opacity: 0.45; }
.join { stroke-dasharray: 8 3; }
.notify { stroke-dasharray: 1.5 2.5; }
.hand { stroke-dasharray: 8 2 1.5 2; }
.release { stroke: #8a6400; stroke-width: 1.8; }
</style>"##;
