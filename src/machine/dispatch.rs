//! The dispatch loop: one instruction after the other, the common cases in line, the rest in `slow`.

use super::at_once;
use super::call::{self, Flow};
use super::fault::{self, Fault};
use super::fiber::MOST_FRAMES;
use super::items;
use super::look;
use super::registers::{Cursor, Registers};
use super::run::{before, go_back, step_back};
use super::set::{load_shared, set_bool, set_int, store_shared};
use super::touch::Part;
use super::wait::{self, Done};
use super::{Exit, Fiber, Frame, Image, Scheduler, slow};
use crate::code::Instruction as I;
use crate::syntax::tree::{BinaryOperator, CompareOperator};
use crate::value::{Value, compare, index, operate, put};
use std::hint::cold_path;

/// Runs frames until the fiber rests, or a fault has to be seen to.
pub fn frames<S: Scheduler>(image: &Image, fiber: &mut Fiber, world: &mut S) -> Result<Exit, Fault> {
    let program = &**image.program;
    'frame: loop {
        let Some(&(mut frame)) = fiber.frames.last() else { return Ok(Exit::Stopped) };
        let mut function = &program.functions[frame.function as usize];
        let mut code = Cursor::new(&function.code, frame.pc);
        let mut base = frame.base as usize;
        // SAFETY: whoever pushes a frame reserves its registers first.
        let mut regs = unsafe { Registers::of_frame(&mut fiber.stack, base, function.registers) };

        /// A register's value.
        macro_rules! r {
            ($index:expr) => {
                // SAFETY: the index comes from an instruction of the verified function whose frame `regs` is.
                unsafe { regs.get($index) }
            };
        }
        /// A register, to be written.
        macro_rules! w {
            ($index:expr) => {
                // SAFETY: as for `r`.
                unsafe { regs.slot($index) }
            };
        }
        /// Several registers in a row, to be written.
        macro_rules! row {
            ($first:expr, $count:expr) => {
                // SAFETY: as for `r`; all of them are checked.
                unsafe { regs.row($first, $count) }
            };
        }
        /// The frame's registers anew, after others have had the stack.
        macro_rules! registers {
            () => {
                // SAFETY: whoever pushes a frame reserves its registers first.
                unsafe { Registers::of_frame(&mut fiber.stack, base, function.registers) }
            };
        }
        /// Goes on with what `frame` says: the one below.
        macro_rules! switch {
            () => {
                function = &program.functions[frame.function as usize];
                code = Cursor::new(&function.code, frame.pc);
                base = frame.base as usize;
                regs = registers!();
            };
        }
        /// Leaves the loop's own copy of the position with the fiber, for whoever looks at it from outside.
        macro_rules! save {
            () => {
                cold_path();
                if let Some(frame) = fiber.frames.last_mut() {
                    frame.pc = code.position();
                }
            };
        }
        /// The value of a fallible operation, which may have much to do; a failure is raised here.
        macro_rules! attempt {
            ($result:expr) => {
                match $result {
                    Ok(value) => {
                        world.goes_away();
                        value
                    }
                    Err(error) => {
                        save!();
                        return Err(Fault::from(error));
                    }
                }
            };
        }
        /// Goes on after a call that may have pushed a frame, or has to wait.
        macro_rules! flow {
            ($flow:expr) => {
                match $flow? {
                    // What the loop has at hand is read anew: measured, keeping it over all calls costs every other
                    // instruction more.
                    Flow::Next | Flow::Frame => {
                        world.goes_away();
                        if S::IS_REPLACED && world.outgrown() {
                            return Ok(Exit::Paused);
                        }
                        continue 'frame;
                    }
                    Flow::Wait(wait) => match wait::perform(image, fiber, world, wait) {
                        Done::Complete => continue 'frame,
                        Done::Fault(fault) => return Err(fault),
                        Done::Rest(exit) => return Ok(exit),
                    },
                }
            };
        }
        macro_rules! jump {
            ($to:expr) => {
                // SAFETY: the target comes from an instruction of the verified function.
                unsafe { code.jump(u32::from($to)) }
            };
        }
        /// A safe point: goes back to `to`.
        macro_rules! back {
            ($to:expr) => {
                if world.trapped() {
                    save!();
                    go_back(fiber, world, program, u32::from($to))?;
                    continue 'frame;
                }
                world.goes_back();
                jump!($to);
            };
        }
        /// Tells those who `await` that something has changed.
        macro_rules! tell {
            () => {
                if world.awaited() {
                    cold_path();
                    world.changed();
                }
            };
        }
        /// The same, and lets them look before the next instruction.
        macro_rules! changed {
            () => {
                if world.awaited() {
                    save!();
                    wait::changed(fiber, world, program)?;
                    // What the loop has at hand is not kept over the call, as in `flow`.
                    continue 'frame;
                }
            };
        }
        /// As `changed`, of what enters or leaves a thing.
        macro_rules! passed {
            () => {
                if world.awaited() {
                    save!();
                    wait::passed(fiber, world, program)?;
                    continue 'frame;
                }
            };
        }
        /// As `flow`, of what has entered or left a thing when it need not wait.
        macro_rules! flow_passed {
            ($flow:expr) => {{
                let flow = $flow?;
                // (It is known where it goes on.)
                if matches!(flow, Flow::Next) && world.awaited() {
                    cold_path();
                    wait::passed(fiber, world, program)?;
                }
                flow!(Ok::<Flow, Fault>(flow));
            }};
        }
        macro_rules! arithmetic {
            ($d:expr, $a:expr, $b:expr, $checked:ident, $float:tt, $operator:expr) => {
                match (r!($a), r!($b)) {
                    (Value::Int(x), Value::Int(y)) => match x.$checked(*y) {
                        Some(n) => set_int(w!($d), n),
                        None => {
                            let error = operate::binary($operator, r!($a), r!($b));
                            attempt!(error);
                        }
                    },
                    (Value::Float(x), Value::Float(y)) => {
                        let value = Value::Float(x $float y);
                        put(w!($d), value);
                    }
                    (a, b) => {
                        cold_path();
                        let value = attempt!(operate::binary($operator, a, b));
                        put(w!($d), value);
                    }
                }
            };
        }
        macro_rules! order {
            ($a:expr, $b:expr, $operator:expr, $int:tt) => {
                match (r!($a), r!($b)) {
                    (Value::Int(x), Value::Int(y)) => x $int y,
                    (a, b) => attempt!(compare::compare($operator, a, b)),
                }
            };
        }
        macro_rules! order_int {
            ($a:expr, $value:expr, $operator:expr, $int:tt) => {
                match r!($a) {
                    Value::Int(x) => *x $int i64::from($value),
                    a => attempt!(compare::compare($operator, a, &Value::Int(i64::from($value)))),
                }
            };
        }

        macro_rules! unless {
            ($to:expr, $holds:expr) => {
                if !$holds {
                    jump!($to);
                }
            };
        }
        macro_rules! back_if {
            ($to:expr, $holds:expr) => {
                if $holds {
                    back!($to);
                }
            };
        }

        // A safe point before the instruction.
        macro_rules! pause {
            () => {
                let past = code.position();
                save!();
                step_back(fiber);
                if let Err(interrupted) = world.safepoint(fiber, program) {
                    return Err(fault::interrupted(fiber, past, interrupted));
                }
                save!();
                regs = registers!();
            };
        }
        macro_rules! pause_if_asked {
            ($pauses:expr) => {
                if $pauses && world.trapped() {
                    cold_path();
                    pause!();
                }
            };
        }
        macro_rules! here {
            () => {
                (frame.function, code.position().saturating_sub(1))
            };
        }
        macro_rules! look {
            ($instruction:expr, $met:expr) => {
                let at = here!();
                save!();
                look::look(image, fiber, world, base, at, $instruction, $met);
                regs = registers!();
            };
        }
        macro_rules! look_at_global {
            ($instruction:expr, $index:expr, $write:expr) => {
                if S::EYES && world.sees() {
                    if world.delays() {
                        look!($instruction, None);
                    } else {
                        let word = image.globals[$index as usize].shadow();
                        let met = world.used(word, Part::All, $write, here!());
                        if met.is_some() {
                            look!($instruction, met);
                        }
                    }
                }
            };
        }
        // Things are no cells.
        macro_rules! look_at_lock {
            ($instruction:expr) => {
                if S::EYES && world.delays() {
                    look!($instruction, None);
                }
            };
        }

        loop {
            // SAFETY: the function is verified: no jump leaves it, and its last instruction does not go on.
            let instruction = unsafe { code.next() };
            if S::STEPWISE {
                save!();
                if before(image, fiber, world, base, *instruction) {
                    return Ok(Exit::Paused);
                }
                regs = registers!();
            }
            // What most instructions are is told by their number alone, which is at hand.
            if S::EYES && look::is_worth_it(*instruction) {
                if look::writes(*instruction) && world.trapped() {
                    pause!();
                }
                if world.sees() {
                    look!(*instruction, None);
                }
            }
            match *instruction {
                I::Move { d, s } => {
                    let value = r!(s).clone();
                    put(w!(d), value);
                }
                I::Nil { d } => put(w!(d), Value::Nil),
                I::Bool { d, value } => set_bool(w!(d), value),
                I::Int { d, value } => set_int(w!(d), i64::from(value)),
                I::Constant { d, index } => put(w!(d), program.constants[index as usize].clone()),
                I::Unset { d } => put(w!(d), Value::Unset),

                I::LoadGlobal { d, index } => {
                    look_at_global!(*instruction, index, false);
                    if !image.globals[index as usize].copy_to(w!(d)) {
                        attempt!(Err::<(), _>(slow::unset(&program.globals[index as usize])));
                    }
                }
                I::StoreGlobal { s, index } => {
                    pause_if_asked!(S::PAUSES);
                    look_at_global!(*instruction, index, true);
                    image.globals[index as usize].copy_from(r!(s));
                    changed!();
                }
                I::LoadShared { d, index } => {
                    if !load_shared(image, index, w!(d)) {
                        attempt!(Err::<(), _>(slow::unset(&program.globals[index as usize])));
                    }
                }
                I::StoreShared { s, index } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    if !store_shared(image, index, r!(s)) {
                        cold_path();
                        attempt!(slow::store_shared(image, index, r!(s)));
                    }
                    changed!();
                }
                I::LoadFixed { d, index } => match image.fixed[index as usize].get() {
                    // Who holds a thing is counted in one place for all threads, whose cores fetch it from each other.
                    Some(value) => {
                        if !value.is_same(r!(d)) {
                            put(w!(d), value.clone());
                        }
                    }
                    None => {
                        attempt!(Err::<(), _>(slow::unset_name(program, index)));
                    }
                },
                I::LoadCell { d, cell, .. } => {
                    // SAFETY: as for `r`.
                    if let Some((Value::Cell(cell), _, slot)) = unsafe { regs.apart(cell, cell, d) } {
                        if !cell.copy_to(slot) {
                            put(slot, Value::Unset);
                        }
                    } else if let Value::Cell(cell) = r!(cell) {
                        let value = cell.get();
                        put(w!(d), value);
                    }
                }
                I::StoreCell { cell, s, .. } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    if let Value::Cell(cell) = r!(cell) {
                        cell.copy_from(r!(s));
                        changed!();
                    }
                }

                I::Add { d, a, b } => arithmetic!(d, a, b, checked_add, +, BinaryOperator::Add),
                I::Subtract { d, a, b } => arithmetic!(d, a, b, checked_sub, -, BinaryOperator::Subtract),
                I::Multiply { d, a, b } => arithmetic!(d, a, b, checked_mul, *, BinaryOperator::Multiply),
                I::Modulo { d, a, b } => match (r!(a), r!(b)) {
                    (Value::Int(x), Value::Int(y)) if *x >= 0 && *y > 0 => {
                        let n = x % y;
                        set_int(w!(d), n);
                    }
                    (x, y) => {
                        let value = attempt!(operate::binary(BinaryOperator::Modulo, x, y));
                        put(w!(d), value);
                    }
                },
                I::AddInt { d, a, value } => match r!(a) {
                    Value::Int(x) if let Some(n) = x.checked_add(i64::from(value)) => set_int(w!(d), n),
                    x => {
                        cold_path();
                        let value = attempt!(slow::add_int(x, value));
                        put(w!(d), value);
                    }
                },
                I::MultiplyInt { d, a, value } => match r!(a) {
                    Value::Int(x) if let Some(n) = x.checked_mul(i64::from(value)) => set_int(w!(d), n),
                    x => {
                        cold_path();
                        let right = Value::Int(i64::from(value));
                        let value = attempt!(operate::binary(BinaryOperator::Multiply, x, &right));
                        put(w!(d), value);
                    }
                },
                I::ModuloInt { d, a, value } => match r!(a) {
                    Value::Int(x) => {
                        let n = x.rem_euclid(i64::from(value));
                        set_int(w!(d), n);
                    }
                    x => {
                        cold_path();
                        let right = Value::Int(i64::from(value));
                        let value = attempt!(operate::binary(BinaryOperator::Modulo, x, &right));
                        put(w!(d), value);
                    }
                },
                I::Compare { operator, d, a, b } => {
                    let value = match (r!(a), r!(b), operator) {
                        (Value::Int(x), Value::Int(y), CompareOperator::Less) => x < y,
                        (Value::Int(x), Value::Int(y), CompareOperator::Equal) => x == y,
                        (a, b, operator) => attempt!(compare::compare(operator, a, b)),
                    };
                    set_bool(w!(d), value);
                }

                I::Jump { to } => jump!(to),
                I::JumpIf { a, to } => {
                    if r!(a).truthy() {
                        jump!(to);
                    }
                }
                I::JumpUnless { a, to } => {
                    if !r!(a).truthy() {
                        jump!(to);
                    }
                }
                I::JumpSet { a, to } => {
                    if !matches!(r!(a), Value::Unset) {
                        jump!(to);
                    }
                }
                I::Loop { to } => {
                    back!(to);
                }
                I::LoopIf { a, to } => {
                    if r!(a).truthy() {
                        back!(to);
                    }
                }
                I::UnlessLess { a, b, to } => unless!(to, order!(a, b, CompareOperator::Less, <)),
                I::UnlessLessEqual { a, b, to } => unless!(to, order!(a, b, CompareOperator::LessEqual, <=)),
                I::UnlessEqual { a, b, to } => unless!(to, order!(a, b, CompareOperator::Equal, ==)),
                I::UnlessNotEqual { a, b, to } => unless!(to, order!(a, b, CompareOperator::NotEqual, !=)),
                I::UnlessLessInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::Less, <))
                }
                I::UnlessLessEqualInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::LessEqual, <=))
                }
                I::UnlessGreaterInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::Greater, >))
                }
                I::UnlessGreaterEqualInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::GreaterEqual, >=))
                }
                I::UnlessEqualInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::Equal, ==))
                }
                I::UnlessNotEqualInt { a, value, to } => {
                    unless!(to, order_int!(a, value, CompareOperator::NotEqual, !=))
                }
                I::LoopLess { a, b, to } => back_if!(to, order!(a, b, CompareOperator::Less, <)),
                I::LoopLessEqual { a, b, to } => back_if!(to, order!(a, b, CompareOperator::LessEqual, <=)),
                I::LoopLessInt { a, value, to } => {
                    back_if!(to, order_int!(a, value, CompareOperator::Less, <))
                }
                I::LoopLessEqualInt { a, value, to } => {
                    back_if!(to, order_int!(a, value, CompareOperator::LessEqual, <=))
                }
                I::LoopRange { at, to } => {
                    // `RangeCheck` has made sure of ints.
                    if let (Value::Int(next), Value::Int(end)) = (r!(at), r!(at + 1))
                        && next < end
                    {
                        let n = *next;
                        set_int(w!(at), n + 1);
                        set_int(w!(at + 2), n);
                        back!(to);
                    }
                }
                I::LoopCount { a, to } => {
                    if let Value::Int(left) = w!(a)
                        && *left > 0
                    {
                        *left -= 1;
                        back!(to);
                    }
                }
                I::LoopItems { at, to } => match items::next_item(row!(at, 3)) {
                    items::Item::Next => {
                        back!(to);
                    }
                    items::Item::End => {}
                    items::Item::Queue if !S::STEPWISE && at_once::next(world, row!(at, 3)) => {
                        tell!();
                        back!(to);
                    }
                    items::Item::Queue => {
                        save!();
                        let flow = items::next_of_queue(image, fiber, world, base + at as usize);
                        match flow? {
                            items::Taken::Value => {
                                regs = registers!();
                                tell!();
                                back!(to);
                            }
                            items::Taken::Closed => regs = registers!(),
                            items::Taken::Wait(wait) => flow!(Ok::<Flow, Fault>(Flow::Wait(wait))),
                        }
                    }
                },

                I::CallFunction { at, function: callee } => {
                    // SAFETY: the number comes from an instruction of a verified program: there is such a function.
                    let called = unsafe { program.functions.get_unchecked(callee as usize) };
                    let start = base + at as usize;
                    let needed = start + called.registers;
                    if let Some(frame) = fiber.frames.last_mut() {
                        frame.pc = code.position();
                    }
                    if fiber.frames.len() >= MOST_FRAMES {
                        return Err(call::too_deep().into());
                    }
                    fiber.reserve(needed);
                    frame = Frame { function: callee, pc: 0, base: start as u32, result: start as u32 };
                    fiber.frames.push(frame);
                    function = called;
                    // SAFETY: the program is verified, and so is this function.
                    code = unsafe { Cursor::start(&called.code) };
                    world.goes_away();
                    base = start;
                    regs = registers!();
                    if world.trapped() {
                        cold_path();
                        world.safepoint(fiber, program)?;
                        regs = registers!();
                    }
                }
                I::Return { s } => {
                    // Measured: written in two parts and read whole right after, an int costs a third of a call.
                    if let Value::Int(n) = *r!(s) {
                        fiber.frames.pop();
                        let Some(&below) = fiber.frames.last() else {
                            return Ok(Exit::Finished(Value::Int(n)));
                        };
                        set_int(&mut fiber.stack[frame.result as usize], n);
                        frame = below;
                        switch!();
                        continue;
                    }
                    let value = std::mem::replace(w!(s), Value::Nil);
                    fiber.frames.pop();
                    let Some(&below) = fiber.frames.last() else { return Ok(Exit::Finished(value)) };
                    put(&mut fiber.stack[frame.result as usize], value);
                    frame = below;
                    switch!();
                }
                I::ReturnNil => {
                    fiber.frames.pop();
                    let Some(&below) = fiber.frames.last() else { return Ok(Exit::Finished(Value::Nil)) };
                    put(&mut fiber.stack[frame.result as usize], Value::Nil);
                    frame = below;
                    switch!();
                }
                I::Call { at, shape } => {
                    save!();
                    flow!(call::value(
                        image,
                        fiber,
                        world,
                        base + at as usize,
                        &program.shapes[shape as usize]
                    ));
                }
                I::CallMethod { at, shape } => {
                    save!();
                    flow!(call::method(
                        image,
                        fiber,
                        world,
                        base + at as usize,
                        &program.shapes[shape as usize]
                    ));
                }
                I::CallMethodOf { at, shape, object } => {
                    // `xs.push(x)` where there is room.
                    if image.push == Some(program.shapes[shape as usize].method)
                        && program.shapes[shape as usize].is_one_value()
                        // SAFETY: as for `r`.
                        && let Some((Value::List(list), _, value)) = unsafe { regs.apart(object, object, at + 1) }
                        && list.push_in_place(value)
                    {
                        put(w!(at), Value::Nil);
                        changed!();
                        continue;
                    }
                    if !S::STEPWISE
                        && at_once::call_of(image, world, object, row!(0, function.registers), at, shape)
                    {
                        changed!();
                        continue;
                    }
                    save!();
                    let (at, object) = (base + at as usize, base + object as usize);
                    let shape = &program.shapes[shape as usize];
                    flow!(slow::call_method_of(image, fiber, world, object, at, shape));
                }
                I::CallMethodFixed { at, shape, index } => {
                    if !S::STEPWISE
                        && at_once::call_fixed(image, world, index, row!(0, function.registers), at, shape)
                    {
                        changed!();
                        continue;
                    }
                    save!();
                    let shape = &program.shapes[shape as usize];
                    flow!(slow::call_method_fixed(image, fiber, world, base + at as usize, shape, index));
                }
                I::CallBuiltin { at, count, row } => {
                    save!();
                    let start = base + at as usize;
                    let row = program.rows[row as usize];
                    flow!(call::native(image, fiber, world, row, start, start + count as usize, start));
                }
                I::CallBuiltinOn { count, at, first, row } => {
                    save!();
                    let (start, result) = (base + first as usize, base + at as usize);
                    let row = program.rows[row as usize];
                    flow!(call::native(image, fiber, world, row, start, start + count as usize, result));
                }
                I::CallMember { at, function: callee } => {
                    save!();
                    slow::call_member(image, fiber, base + at as usize, callee)?;
                    world.goes_away();
                    if world.trapped() {
                        cold_path();
                        world.safepoint(fiber, program)?;
                    }
                    continue 'frame;
                }

                I::GetOwn { d, object, index } => {
                    // SAFETY: as for `r`.
                    if let Some((object, _, slot)) = unsafe { regs.apart(object, object, d) }
                        && let Some(members) = call::members(object)
                        && members.fields[index as usize].copy_to(slot)
                    {
                        continue;
                    }
                    let value = match call::members(r!(object)) {
                        Some(members) => members.fields[index as usize].get(),
                        None => Value::Unset,
                    };
                    if let Value::Unset = value {
                        attempt!(Err::<(), _>(slow::unset_field(program, r!(object), index)));
                    }
                    put(w!(d), value);
                }
                I::SetOwn { object, index, s } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    if let Some(members) = call::members(r!(object)) {
                        members.fields[index as usize].copy_from(r!(s));
                        changed!();
                    }
                }
                I::GetIndex { d, object, index: i } => {
                    // SAFETY: as for `r`.
                    if let Some((object, i, slot)) = unsafe { regs.apart(object, i, d) }
                        && index::copy_element(object, i, slot)
                    {
                        continue;
                    }
                    let value = attempt!(index::get(r!(object), r!(i)));
                    put(w!(d), value);
                }
                I::SetIndex { object, index: i, s } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    if !index::replace_element(r!(object), r!(i), r!(s)) {
                        let value = r!(s).clone();
                        attempt!(index::set(r!(object), r!(i), value));
                    }
                    changed!();
                }
                I::SetIndexConstant { object, index: i, constant } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    let value = &program.constants[constant as usize];
                    if !index::replace_element(r!(object), r!(i), value) {
                        attempt!(index::set(r!(object), r!(i), value.clone()));
                    }
                    changed!();
                }
                I::Push { list, s } => {
                    pause_if_asked!(S::PAUSES && !S::EYES);
                    if let Value::List(list) = r!(list) {
                        list.push(r!(s).clone());
                    }
                }

                I::Enter { a } => {
                    look_at_lock!(*instruction);
                    if let Value::Sync(sync) = r!(a)
                        && sync.enter_free(
                            world.thread(),
                            function.lines[code.position() as usize - 1],
                            S::NOTES,
                        )
                    {
                        passed!();
                        continue;
                    }
                    save!();
                    let flow = wait::enter(fiber, image, world, &fiber.stack[base + a as usize], None);
                    flow_passed!(flow);
                }
                I::EnterFixed { index } => {
                    look_at_lock!(*instruction);
                    if let Some(Value::Sync(sync)) = image.fixed[index as usize].get()
                        && sync.enter_free(
                            world.thread(),
                            function.lines[code.position() as usize - 1],
                            S::NOTES,
                        )
                    {
                        passed!();
                        continue;
                    }
                    save!();
                    let thing = slow::fixed(image, index)?;
                    flow_passed!(wait::enter(fiber, image, world, thing, None));
                }
                I::Leave { a } => {
                    look_at_lock!(*instruction);
                    if let Value::Sync(sync) = r!(a)
                        && sync.leave_own(world.thread(), S::NOTES)
                    {
                        passed!();
                        continue;
                    }
                    save!();
                    let flow = wait::leave(fiber, image, world, &fiber.stack[base + a as usize]);
                    flow_passed!(flow);
                }
                I::LeaveTo { a, to } => {
                    look_at_lock!(*instruction);
                    if let Value::Sync(sync) = r!(a)
                        && sync.leave_own(world.thread(), S::NOTES)
                    {
                        jump!(to);
                        passed!();
                        continue;
                    }
                    save!();
                    let flow = wait::leave(fiber, image, world, &fiber.stack[base + a as usize]);
                    flow_passed!(flow.inspect(|flow| wait::go_on_at(fiber, flow, to)));
                }
                I::LeaveFixed { index } => {
                    look_at_lock!(*instruction);
                    if let Some(Value::Sync(sync)) = image.fixed[index as usize].get()
                        && sync.leave_own(world.thread(), S::NOTES)
                    {
                        passed!();
                        continue;
                    }
                    save!();
                    let thing = slow::fixed(image, index)?;
                    flow_passed!(wait::leave(fiber, image, world, thing));
                }
                I::LeaveFixedTo { index, to } => {
                    look_at_lock!(*instruction);
                    if let Some(Value::Sync(sync)) = image.fixed[index as usize].get()
                        && sync.leave_own(world.thread(), S::NOTES)
                    {
                        jump!(to);
                        passed!();
                        continue;
                    }
                    save!();
                    let thing = slow::fixed(image, index)?;
                    let flow = wait::leave(fiber, image, world, thing);
                    flow_passed!(flow.inspect(|flow| wait::go_on_at(fiber, flow, to.into())));
                }

                // All of them by name: then the compiler knows that there are no others, and does not ask.
                other @ (I::StoreFixed { .. }
                | I::NewCell { .. }
                | I::CheckSet { .. }
                | I::LoadLocal { .. }
                | I::StoreLocal { .. }
                | I::Binary { .. }
                | I::Unary { .. }
                | I::RangeCheck { .. }
                | I::Iterate { .. }
                | I::CountCheck { .. }
                | I::CallSpread { .. }
                | I::GetField { .. }
                | I::SetField { .. }
                | I::OwnMethod { .. }
                | I::Slice { .. }
                | I::List { .. }
                | I::Map { .. }
                | I::Range { .. }
                | I::Text { .. }
                | I::Format { .. }
                | I::Closure { .. }
                | I::Unpack { .. }
                | I::Name { .. }
                | I::Called { .. }
                | I::NameElement { .. }
                | I::Throw { .. }
                | I::Rethrow { .. }
                | I::Supersede { .. }
                | I::IsKind { .. }
                | I::AssertFailed { .. }
                | I::AssertCompared { .. }
                | I::Watch { .. }
                | I::EnterTimed { .. }
                | I::Monitor { .. }
                | I::Prepare { .. }
                | I::Start { .. }
                | I::Sleep { .. }
                | I::Yield
                | I::HoldOthers
                | I::ResumeOthers
                | I::AwaitBegin
                | I::AwaitWait
                | I::AwaitEnd
                | I::Lasts { .. }
                | I::Arm { .. }
                | I::Select { .. }) => {
                    if look::writes(other) {
                        pause_if_asked!(S::PAUSES && !S::EYES);
                    }
                    save!();
                    flow!(slow::instruction(image, fiber, world, base, other));
                }
            }
        }
    }
}
