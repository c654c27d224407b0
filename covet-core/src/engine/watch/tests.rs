//! A watched store: asked when it is worth it, and told of once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::*;
use crate::audit::SinkError;
use crate::store::MemoryStore;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// How soon a store that is back is used again.
const BACK: Duration = Duration::from_secs(2);

/// What a store answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) enum Way {
    Works,
    IsSilent,
    IsFull,
    /// It answers what it is asked, but does not write.
    OnlyReads,
    FailsAtThis,
    IsContended,
}

/// A store that can be made to fail, and counts what it is asked.
#[derive(Debug)]
pub(in crate::engine) struct Broken {
    memory: MemoryStore,
    way: Mutex<Way>,
    is_remote: bool,
    asked: AtomicUsize,
    hangs: AtomicBool,
}

impl Broken {
    pub(in crate::engine) fn that(way: Way, is_remote: bool) -> Self {
        let (memory, way) = (MemoryStore::default(), Mutex::new(way));
        Self { memory, way, is_remote, asked: AtomicUsize::new(0), hangs: AtomicBool::new(false) }
    }

    async fn answer(&self, writes: bool) -> Result<&MemoryStore, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let store = "broken";
        match *self.way.lock() {
            Way::IsSilent => Err(StoreError::Unavailable { store, source: "silence".into() }),
            Way::OnlyReads if writes => Err(StoreError::Unavailable { store, source: "read only".into() }),
            Way::IsFull if writes => Err(StoreError::Full { store }),
            Way::FailsAtThis => Err(StoreError::Failed { store, source: "too long".into() }),
            Way::IsContended => Err(StoreError::Contended { store }),
            Way::Works | Way::OnlyReads | Way::IsFull => Ok(&self.memory),
        }
    }

    fn be(&self, way: Way) {
        *self.way.lock() = way;
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Broken {
    async fn read(&self, key: &Key, now: Timestamp) -> Result<Option<Versioned>, StoreError> {
        self.answer(false).await?.read(key, now).await
    }

    async fn swap(
        &self,
        key: &Key,
        expected: Option<u64>,
        new: Option<Write>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.answer(true).await?.swap(key, expected, new, now).await
    }

    async fn list(&self, space: Space, owner: &Tag, now: Timestamp) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.answer(false).await?.list(space, owner, now).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        self.answer(false).await?.sweep(now).await
    }

    fn is_remote(&self) -> bool {
        self.is_remote
    }

    async fn run(&self, steps: &[Step<'_>], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        self.answer(true).await?.run(steps, now).await
    }
}

/// Keeps the events.
#[derive(Debug, Default)]
struct Events(Mutex<Vec<String>>);

#[async_trait]
impl Sink for Events {
    async fn record(&self, event: &Event) -> Result<(), SinkError> {
        let details = event.details().iter().filter(|(name, _)| *name != "after");
        let details: Vec<_> = details.map(|(_, value)| value.as_str()).collect();
        self.0.lock().push(format!("{} {}", event.kind().as_str(), details.join(" ")));
        Ok(())
    }
}

struct Test {
    store: Arc<Broken>,
    events: Arc<Events>,
    watch: Watch,
    limit: rate_limit::Policy,
}

impl Test {
    fn new(is_remote: bool) -> Self {
        let (store, events) = (Arc::new(Broken::that(Way::Works, is_remote)), Arc::new(Events::default()));
        let watch = Watch::new(Arc::clone(&store) as _, &[Arc::clone(&events) as _]);
        Self { store, events, watch, limit: trial() }
    }

    /// One that has been made to fail, and been asked until nobody asks it any more.
    async fn away() -> Self {
        let test = Self::new(true);
        test.store.be(Way::IsSilent);
        for _ in 0..3 {
            assert!(!test.charges().await);
        }
        assert_eq!(test.store.asked(), 3);
        test
    }

    fn step(&self) -> Step<'_> {
        Step::Charge { key: key(1), policy: &self.limit, tiers: &[], cost: 1, shadow: false }
    }

    async fn charges(&self) -> bool {
        self.watch.run(&[self.step()], NOW).await.is_ok()
    }

    /// Asks until it answers.
    async fn back(&self) {
        let start = Instant::now();
        while !self.charges().await {
            assert!(start.elapsed() < BACK);
            tokio::task::yield_now().await;
        }
    }

    /// What the sinks were told, once all is told.
    async fn told(&self, count: usize) -> Vec<String> {
        let start = Instant::now();
        while self.events.0.lock().len() < count {
            assert!(start.elapsed() < BACK, "{:?}", self.events.0.lock());
            tokio::task::yield_now().await;
        }
        self.events.0.lock().clone()
    }
}

fn key(id: u8) -> Key {
    Key { space: Space::Limit, owner: Tag::NONE, id: Tag([id; 16]) }
}

#[tokio::test]
async fn while_it_is_away_hardly_anybody_asks_it_and_everything_is_an_error() {
    let test = Test::away().await;
    let write = test.step().apply(None, NOW).write;
    for _ in 0..20 {
        assert!(test.watch.read(&key(1), NOW).await.is_err());
    }
    let read = test.store.asked();
    for _ in 0..20 {
        assert!(test.watch.swap(&key(1), None, write.clone(), NOW).await.is_err());
        assert!(test.watch.swap(&key(1), Some(1), None, NOW).await.is_err());
    }
    let swapped = test.store.asked();
    for _ in 0..20 {
        assert!(test.watch.list(Space::Session, &Tag::NONE, NOW).await.is_err());
    }
    let listed = test.store.asked();
    for _ in 0..20 {
        // What has expired can wait, and nobody is told each second that it does.
        assert!(test.watch.sweep(NOW).await.is_ok());
    }
    let swept = test.store.asked();
    // Those who ask are those who try, now and then.
    assert!([read, swapped, listed, swept].iter().all(|asked| *asked < 10), "{read} {swapped} {listed} {swept}");
}

#[tokio::test]
async fn a_store_that_is_back_is_used_again_and_each_transition_is_told_once() {
    let test = Test::away().await;
    for _ in 0..1000 {
        assert!(!test.charges().await);
    }
    test.store.be(Way::Works);
    test.back().await;
    for _ in 0..10 {
        assert!(test.charges().await);
    }
    assert_eq!(test.told(2).await, ["store_failure broken away", "store_recovered broken working"]);
}

#[tokio::test]
async fn a_store_that_nobody_asks_is_found_to_be_back_by_the_sweep() {
    let test = Test::away().await;
    test.store.be(Way::Works);
    let start = Instant::now();
    while test.store.memory.stats().entries == 0 {
        assert!(start.elapsed() < BACK);
        test.watch.sweep(NOW).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(test.told(2).await.last().unwrap(), "store_recovered broken working");
}

#[tokio::test]
async fn a_store_that_only_reads_is_away_however_often_it_answers() {
    let test = Test::new(true);
    test.store.be(Way::OnlyReads);
    for _ in 0..3 {
        assert!(test.watch.read(&key(1), NOW).await.is_ok());
        assert!(!test.charges().await);
    }
    let start = Instant::now();
    // Many that try: none of them is content with an answer.
    while start.elapsed() < Duration::from_millis(200) {
        assert!(test.watch.read(&key(1), NOW).await.is_err());
        tokio::task::yield_now().await;
    }
    assert_eq!(test.told(1).await, ["store_failure broken away"]);
    test.store.be(Way::Works);
    test.back().await;
}

#[tokio::test]
async fn a_store_that_is_full_is_asked_all_the_same_and_told_of_once() {
    let test = Test::new(true);
    test.store.be(Way::IsFull);
    for _ in 0..10 {
        assert!(!test.charges().await);
        assert!(test.watch.read(&key(1), NOW).await.is_ok());
    }
    assert_eq!((test.store.asked(), test.told(1).await), (20, vec!["store_failure broken full".to_owned()]));
    test.store.be(Way::Works);
    assert!(test.charges().await);
}

#[tokio::test]
async fn what_one_call_meets_closes_the_way_for_no_other() {
    for (way, told) in [(Way::FailsAtThis, 1), (Way::IsContended, 0)] {
        let test = Test::new(true);
        test.store.be(way);
        for _ in 0..10 {
            assert!(!test.charges().await);
        }
        assert_eq!((test.store.asked(), test.told(told).await.len()), (10, told), "{way:?}");
    }
}

#[tokio::test]
async fn a_store_in_this_process_is_never_away_as_a_whole() {
    let test = Test::new(false);
    test.store.be(Way::OnlyReads);
    for _ in 0..10 {
        assert!(!test.charges().await);
        assert!(test.watch.read(&key(1), NOW).await.is_ok());
    }
    assert_eq!((test.store.asked(), test.told(1).await), (20, vec!["store_failure broken failing".to_owned()]));
}

#[tokio::test]
async fn a_call_that_is_given_up_while_it_tries_keeps_nobody_from_trying() {
    let test = Test::away().await;
    test.store.hangs.store(true, Ordering::SeqCst);
    let start = Instant::now();
    while test.store.asked() == 0 {
        assert!(start.elapsed() < BACK);
        let _ = tokio::time::timeout(Duration::from_millis(1), test.charges()).await;
    }
    test.store.hangs.store(false, Ordering::SeqCst);
    test.store.be(Way::Works);
    test.back().await;
}

/// All counters, as `name label=value count`.
pub(in crate::engine) fn counted(snapshotter: &Snapshotter) -> Vec<String> {
    let counted = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels: Vec<_> = key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let DebugValue::Counter(count) = value else { panic!("{value:?}") };
        format!("{} {} {count}", key.key().name(), labels.join(" "))
    });
    let mut counted: Vec<_> = counted.collect();
    counted.sort();
    counted
}

#[test]
fn transitions_are_counted_by_store_and_condition() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let test = Test::away().await;
            test.store.be(Way::Works);
            test.back().await;
        });
    });
    let counted = counted(&snapshotter);
    let expected = ["away", "working"].map(|to| format!("covet_store_transitions_total store=broken to={to} 1"));
    assert_eq!(counted, expected);
}
