//! The contract of all backends, as one set of tests that runs on each backend.

/// Calls `end` from `depth` nested frames, which use registers over their calls.
#[inline(never)]
pub(crate) fn descend(depth: u64, end: &dyn Fn() -> u64) -> u64 {
    if depth == 0 {
        return end();
    }
    let below = descend(depth - 1, end);
    std::hint::black_box(below).wrapping_mul(3) ^ depth
}

/// Defines module `$name` with the contract's tests for the backend at `$backend`.
macro_rules! contract {
    ($name:ident, $backend:path) => {
        mod $name {
            use crate::common::descend;
            use std::cell::Cell;
            use $backend as backend;

            fn is_cut<R>(f: impl FnOnce() -> R) -> bool {
                match backend::catch(f) {
                    Ok(_) => false,
                    Err(payload) => {
                        payload.dispose();
                        true
                    }
                }
            }

            #[test]
            fn results_of_any_size_come_through() {
                assert_eq!(backend::catch(|| ()).ok(), Some(()));
                assert_eq!(backend::catch(|| 7_u8).ok(), Some(7));
                let big = backend::catch(|| [descend(3, &|| 5); 100]).expect("nothing panics");
                assert!(big.iter().all(|word| *word == big[0]));
                let owned = backend::catch(|| String::from("moved out")).expect("nothing panics");
                assert_eq!(owned, "moved out");
            }

            #[test]
            fn captures_move_in_and_borrows_come_back() {
                let (text, seen) = (String::from("moved in"), Cell::new(0));
                let length = backend::catch(|| {
                    seen.set(1);
                    text.len()
                });
                assert_eq!((length.ok(), seen.get()), (Some(8), 1));
            }

            #[test]
            fn raising_ends_at_the_boundary_from_any_depth() {
                for depth in [0, 1, 8, 300] {
                    let reached = Cell::new(false);
                    assert!(is_cut(|| descend(depth, &|| {
                        reached.set(true);
                        backend::raise()
                    })));
                    assert!(reached.get());
                }
            }

            #[test]
            fn writes_before_a_raise_persist() {
                let mut steps = Vec::new();
                assert!(is_cut(|| {
                    steps.push(1);
                    if std::hint::black_box(true) {
                        backend::raise();
                    }
                    steps.push(2);
                }));
                assert_eq!(steps, [1]);
            }

            #[test]
            fn locals_of_the_caller_survive() {
                // More values than fit into registers. The compiler chooses where to keep them over the call.
                let words: [u64; 24] = std::array::from_fn(|at| std::hint::black_box(at as u64));
                let floats: [f64; 24] = std::array::from_fn(|at| std::hint::black_box(at as f64));
                assert!(is_cut(|| descend(20, &|| backend::raise())));
                for at in 0..24 {
                    assert_eq!((words[at], floats[at]), (at as u64, at as f64));
                }
            }

            #[test]
            fn only_the_innermost_boundary_catches() {
                let outer = backend::catch(|| {
                    let inner = is_cut(|| descend(5, &|| backend::raise()));
                    assert!(inner);
                    assert!(is_cut(|| backend::raise()));
                    descend(2, &|| 1)
                });
                assert_eq!(outer.ok(), Some(descend(2, &|| 1)));
                assert!(is_cut(|| {
                    assert!(is_cut(|| backend::raise()));
                    assert_eq!(backend::catch(|| 3).ok(), Some(3));
                    backend::raise()
                }));
            }

            #[test]
            fn a_caught_panic_can_be_resumed() {
                let passed = Cell::new(0);
                let outer = backend::catch(|| {
                    for _ in 0..3 {
                        let inner = backend::catch(|| {
                            let inner = backend::catch(|| descend(4, &|| backend::raise()));
                            if let Err(payload) = inner {
                                passed.set(passed.get() + 1);
                                backend::resume(payload)
                            }
                        });
                        if let Err(payload) = inner {
                            passed.set(passed.get() + 10);
                            payload.dispose();
                        }
                    }
                    backend::raise()
                });
                assert!(outer.map_err(|payload| payload.dispose()).is_err());
                assert_eq!(passed.get(), 33);
                assert!(!backend::is_unwinding());
            }

            #[test]
            fn boundaries_nest_a_hundred_deep() {
                fn nest(depth: u32, cut: &Cell<u32>) {
                    if depth > 0 {
                        if is_cut(|| {
                            nest(depth - 1, cut);
                            backend::raise()
                        }) {
                            cut.set(cut.get() + 1);
                        }
                    }
                }
                let cut = Cell::new(0);
                nest(100, &cut);
                assert_eq!(cut.get(), 100);
            }

            #[test]
            fn catch_and_raise_repeat_many_times() {
                for turn in 0..20_000_u64 {
                    if turn % 3 == 0 {
                        assert_eq!(backend::catch(|| turn).ok(), Some(turn));
                    } else {
                        assert!(is_cut(|| descend(turn % 7, &|| backend::raise())));
                    }
                }
            }

            #[test]
            fn threads_do_not_disturb_each_other() {
                let run = || {
                    for turn in 0..2_000 {
                        assert!(is_cut(|| {
                            assert_eq!(backend::catch(|| turn).ok(), Some(turn));
                            std::thread::yield_now();
                            descend(turn % 5, &|| backend::raise())
                        }));
                    }
                };
                let others = [std::thread::spawn(run), std::thread::spawn(run)];
                run();
                assert!(others.into_iter().all(|other| other.join().is_ok()));
            }

            #[test]
            fn destructors_run_if_the_backend_says_so() {
                struct CountsDrop<'a>(&'a Cell<u32>);
                impl Drop for CountsDrop<'_> {
                    fn drop(&mut self) {
                        self.0.set(self.0.get() + 1);
                    }
                }
                let dropped = Cell::new(0);
                let captured = CountsDrop(&dropped);
                assert!(is_cut(|| {
                    let _captured = captured;
                    let _local = CountsDrop(&dropped);
                    descend(3, &|| backend::raise())
                }));
                assert_eq!(dropped.get(), if backend::RUNS_DESTRUCTORS { 2 } else { 0 });
                // Without a panic, the destructor of a result runs with every backend.
                drop(backend::catch(|| CountsDrop(&dropped)));
                let before = if backend::RUNS_DESTRUCTORS { 2 } else { 0 };
                assert_eq!(dropped.get(), before + 1);
            }

            #[test]
            fn nothing_is_unwinding_outside() {
                assert!(!backend::is_unwinding());
                assert!(is_cut(|| backend::raise()));
                assert!(!backend::is_unwinding());
            }
        }
    };
}
pub(crate) use contract;
