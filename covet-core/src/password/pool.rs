use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

/// Runs blocking jobs within a budget of memory, with a short queue before it.
#[derive(Debug)]
pub(super) struct Pool {
    /// One permit a kibibyte.
    memory: Arc<Semaphore>,
    /// One permit a job that waits or runs.
    places: Arc<Semaphore>,
    budget: u32,
}

/// Why a job did not give an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PoolError {
    /// The queue is full, or the wait too long.
    Busy,
    /// The job panicked, or the runtime is shutting down.
    Lost,
}

impl Pool {
    /// How many jobs may wait for each that may run.
    const WAITING_PER_RUNNING: usize = 8;

    /// Who has waited this long is better told to come again than kept.
    pub(super) const MAX_WAIT: Duration = Duration::from_secs(2);

    /// A pool for jobs that take `usual` kibibytes, or more now and then, of the `budget`.
    pub(super) fn new(budget: u32, usual: u32) -> Self {
        let budget = budget.max(usual);
        let running = (budget / usual) as usize;
        Self {
            memory: Arc::new(Semaphore::new(budget as usize)),
            places: Arc::new(Semaphore::new(running * (1 + Self::WAITING_PER_RUNNING))),
            budget,
        }
    }

    /// All the memory there is; no job may ask for more.
    pub(super) const fn budget(&self) -> u32 {
        self.budget
    }

    /// Runs a job that takes `memory` kibibytes. What it holds moves into the job: a caller that goes away frees
    /// nothing that is still in use.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        memory: u32,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| PoolError::Busy)?;
        let wait = Arc::clone(&self.memory).acquire_many_owned(memory.min(self.budget));
        let permit = tokio::time::timeout(Self::MAX_WAIT, wait).await.map_err(|_| PoolError::Busy)?;
        let held = (place, permit.map_err(|_| PoolError::Lost)?);
        let job = move || {
            let answer = job();
            drop(held);
            answer
        };
        tokio::task::spawn_blocking(job).await.map_err(|_| PoolError::Lost)
    }

    /// From now on no job runs.
    #[cfg(test)]
    pub(super) fn close(&self) {
        self.memory.close();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// A job that has begun, holds ten, and ends when it is let; and its caller.
    async fn hold(pool: &Arc<Pool>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), PoolError>>) {
        let (open, gate) = mpsc::channel();
        let (started, running) = tokio::sync::oneshot::channel();
        let pool = Arc::clone(pool);
        let job = move || {
            started.send(()).unwrap();
            gate.recv().unwrap();
        };
        let caller = tokio::spawn(async move { pool.run(10, job).await });
        running.await.unwrap();
        (open, caller)
    }

    #[tokio::test]
    async fn beyond_the_queue_a_job_is_refused_at_once() {
        let pool = Arc::new(Pool::new(10, 10));
        let (open, first) = hold(&pool).await;

        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(10, || ()).await })
            })
            .collect();
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.places.available_permits(), 0);
        assert_eq!(pool.run(10, || ()).await, Err(PoolError::Busy));

        open.send(()).unwrap();
        first.await.unwrap().unwrap();
        for job in waiting {
            job.await.unwrap().unwrap();
        }
        pool.run(10, || ()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_refused_and_leaves_the_queue() {
        let pool = Pool::new(10, 10);
        let _taken = Arc::clone(&pool.memory).acquire_many_owned(10).await.unwrap();
        let places = pool.places.available_permits();
        let before = tokio::time::Instant::now();
        assert_eq!(pool.run(10, || ()).await, Err(PoolError::Busy));
        assert_eq!(before.elapsed().as_secs(), Pool::MAX_WAIT.as_secs());
        assert_eq!(pool.places.available_permits(), places);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_budget_is_never_exceeded() {
        let pool = Arc::new(Pool::new(30, 10));
        let (used, peak) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let jobs: Vec<_> = (0..27)
            .map(|i| {
                let memory = [10, 20, 5][i % 3];
                let (pool, used, peak) = (Arc::clone(&pool), Arc::clone(&used), Arc::clone(&peak));
                tokio::spawn(async move {
                    let job = move || {
                        let now = used.fetch_add(memory, Ordering::SeqCst) + memory;
                        peak.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        used.fetch_sub(memory, Ordering::SeqCst);
                    };
                    pool.run(memory, job).await
                })
            })
            .collect();
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        assert!((10..=30).contains(&peak.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_nothing_that_is_in_use() {
        let pool = Arc::new(Pool::new(10, 10));
        let (open, caller) = hold(&pool).await;
        caller.abort();
        caller.await.unwrap_err();
        assert_eq!(pool.memory.available_permits(), 0);
        open.send(()).unwrap();
        pool.run(10, || ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_job_that_panics_gives_its_memory_back() {
        let pool = Pool::new(10, 10);
        assert_eq!(pool.run(10, || panic!("on purpose")).await, Err::<(), _>(PoolError::Lost));
        pool.run(10, || ()).await.unwrap();
    }
}
