//! Work of many parts on several threads.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What a thread may put on its stack, in bytes: as much as the first thread of a program commonly has.
const STACK: usize = 8 << 20;

/// Does parts of a work on `threads` threads, of which the calling one is one: `begin` has the numbers of the parts in the
/// order in which they are begun, so that what takes longest goes first. The calling thread does `meanwhile` before it joins
/// in. What comes out is in the order of the numbers, and the same for any number of threads.
///
/// A panic in a part goes on in the calling thread, once the others have ended.
pub(crate) fn on_threads<T: Send, R>(
    threads: NonZeroUsize,
    begin: &[usize],
    part: impl Fn(usize) -> T + Sync,
    meanwhile: impl FnOnce() -> R,
) -> (Vec<T>, R) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(&number) = begin.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((number, part(number)));
        }
        done
    };
    let (mut done, aside) = thread::scope(|scope| {
        // Where the system gives no thread more, those that there are do all of it.
        let start = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads.get()).take(begin.len()).map_while(start).collect();
        let aside = meanwhile();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        (done, aside)
    });
    done.sort_by_key(|(number, _)| *number);
    (done.into_iter().map(|(_, made)| made).collect(), aside)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Barrier, Mutex};

    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("a thread")
    }

    #[test]
    fn results_are_in_the_order_of_the_parts() {
        for count in 1..6 {
            let begin = [4, 1, 0, 3, 2];
            let (squares, aside) = on_threads(threads(count), &begin, |part| part * part, || "aside");
            assert_eq!((squares, aside), (vec![0, 1, 4, 9, 16], "aside"));
        }
        assert_eq!(on_threads(threads(3), &[], |part| part, || ()).0, [0; 0]);
    }

    #[test]
    fn one_thread_begins_parts_as_told_after_what_it_does_meanwhile() {
        let begun = Mutex::new(Vec::new());
        let note = |what: usize| begun.lock().expect("no panic").push(what);
        on_threads(threads(1), &[2, 0, 1], note, || note(9));
        assert_eq!(begun.into_inner().expect("no panic"), [9, 2, 0, 1]);
    }

    #[test]
    fn all_threads_work_at_a_time() {
        // Each part waits for the others, which no single thread could end.
        let (barrier, seen) = (Barrier::new(3), Mutex::new(BTreeSet::new()));
        let part = |_| {
            seen.lock().expect("no panic").insert(format!("{:?}", thread::current().id()));
            barrier.wait();
        };
        on_threads(threads(3), &[0, 1, 2], part, || ());
        assert_eq!(seen.into_inner().expect("no panic").len(), 3);
    }

    #[test]
    fn a_panic_of_a_part_is_one_of_the_caller_and_no_hang() {
        for count in [1, 2, 4] {
            let part = |part: usize| assert!(part != 3, "part three");
            let ended = catch_unwind(AssertUnwindSafe(|| on_threads(threads(count), &[0, 1, 2, 3, 4, 5], part, || ())));
            let said = ended.expect_err("a panic");
            assert_eq!(said.downcast_ref::<&str>().copied(), Some("part three"), "{count} threads");
        }
    }
}
