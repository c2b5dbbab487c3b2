//! Two things at a time.

use std::thread;

/// Does `aside`, where there is one, on a thread of its own, while this one does `here`. A panic of `aside` is handed back, so
/// that who does not need its result need not mind. Where the system gives no thread, `aside` comes after `here`.
pub(crate) fn beside<A: Send, B>(
    aside: Option<impl Fn() -> A + Sync>,
    here: impl FnOnce() -> B,
) -> (Option<thread::Result<A>>, B) {
    let Some(aside) = aside else { return (None, here()) };
    thread::scope(|scope| {
        let started = thread::Builder::new().spawn_scoped(scope, &aside);
        let here = here();
        match started {
            Ok(thread) => (Some(thread.join()), here),
            Err(_) => (Some(Ok(aside())), here),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn both_are_done_at_a_time() {
        // Each waits for the other.
        let barrier = Barrier::new(2);
        let aside = || {
            barrier.wait();
            "aside"
        };
        let (aside, ()) = beside(Some(aside), || {
            barrier.wait();
        });
        assert_eq!(aside.expect("asked for").expect("no panic"), "aside");
    }

    #[test]
    fn a_panic_aside_leaves_the_rest_and_is_no_hang() {
        let (aside, here) = beside(Some(|| assert_eq!(1 + 1, 3, "aside")), || 7);
        assert!(aside.expect("asked for").is_err());
        assert_eq!(here, 7);
        let nothing: Option<fn() -> u32> = None;
        assert!(beside(nothing, || ()).0.is_none());
    }
}
