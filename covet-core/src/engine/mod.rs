//! The engine: the policy with everything it decides with. It is built once, at ignition, and refuses what it cannot
//! decide then; a request only meets [`Engine::decide`].

mod access;
mod circuit;
mod decide;
mod forgetting;
mod guessing;
mod limiter;
mod outage;
mod plan;
mod seen;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

pub use self::access::Access;
pub use self::decide::{Decision, Facts, Grant, Presented};
use self::forgetting::Forgetting;
use self::guessing::Guessing;
pub use self::limiter::LimitError;
use self::outage::Local;
use self::plan::Plan;
pub use self::plan::{PlanError, check};
pub use self::seen::{Seen, Told};
use self::watch::Watch;
use crate::account::AccountId;
use crate::accounts::Accounts;
use crate::audit::{Event, Sink, TracingSink};
use crate::causes::Causes;
use crate::keys::{BegunTag, Keys};
use crate::password::Hasher;
#[cfg(feature = "breach")]
use crate::password::breach::Breaches;
use crate::policy::Policy;
use crate::rate_limit::{self, Rates, Scope};
use crate::requirement::Requirement;
use crate::store::{Key, Outcome, Space, Step, Store, Tag};
use crate::time::{Clock, Timestamp};
use crate::units::{Count, Rate};

/// What an engine is made of beside the policy.
#[derive(Debug)]
pub struct Parts {
    /// Where limits and sessions are kept.
    pub store: Arc<dyn Store>,
    /// Where accounts are kept.
    pub accounts: Arc<dyn Accounts>,
    /// Keys derived from the secret of the application.
    pub keys: Keys,
    /// Who is told what happens, beside the log.
    pub sinks: Vec<Arc<dyn Sink>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Who knows stolen passwords, if anybody is asked.
    #[cfg(feature = "breach")]
    pub breaches: Option<Arc<dyn Breaches>>,
}

/// The policy, ready to decide.
pub struct Engine {
    policy: Policy,
    access: Arc<Access>,
    plans: BTreeMap<usize, Plan>,
    hasher: Hasher,
    /// The beginning of the names of sessions.
    sessions: BegunTag,
    guessing: Guessing,
    forgetting: Mutex<Forgetting>,
    /// How often sinks are told of one and the same that an account can cause at will.
    seldom: rate_limit::Policy,
    /// What limits count with that count here while the store does not answer.
    local: Local,
    store: Watch,
    accounts: Arc<dyn Accounts>,
    keys: Keys,
    sinks: Vec<Arc<dyn Sink>>,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "breach")]
    breaches: Option<Arc<dyn Breaches>>,
}

impl Engine {
    /// An engine for the routes with these requirements.
    ///
    /// # Errors
    ///
    /// Every requirement that the policy cannot meet.
    pub fn new(
        policy: Policy,
        requirements: impl IntoIterator<Item = &'static Requirement>,
        parts: Parts,
    ) -> Result<Self, Vec<PlanError>> {
        let requirements: Vec<_> = requirements.into_iter().collect();
        check(&policy, requirements.iter().copied())?;
        #[cfg(feature = "breach")]
        let breaches = parts.breaches.clone();
        let Parts { store, accounts, keys, sinks, clock, .. } = parts;
        let plan = |requirement| Some((identity(requirement), Plan::new(requirement, &policy, &keys)?));
        let plans = requirements.into_iter().filter_map(plan).collect();
        let (access, hasher) = (Arc::new(Access::of(&policy)), Hasher::new(&policy.password));
        let (sessions, guessing) = (keys.begin("session"), Guessing::new(&policy.lockout));
        let local = Local::of(&policy);
        Ok(Self {
            policy,
            access,
            plans,
            hasher,
            sessions,
            guessing,
            forgetting: Mutex::default(),
            seldom: once_a_minute(),
            local,
            store: Watch::new(store, &sinks),
            accounts,
            keys,
            sinks,
            clock,
            #[cfg(feature = "breach")]
            breaches,
        })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who holds which permission.
    #[must_use]
    pub const fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &dyn Accounts {
        &*self.accounts
    }

    /// The store, as far as it is asked.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Forgets what has expired in the store, and events that the sinks have kept long enough; called now and then,
    /// bounded work a call. What fails is tried again at the next call; that the store fails is told elsewhere, once.
    pub async fn sweep(&self, now: Timestamp) {
        if let Err(error) = self.store().sweep(now).await {
            tracing::debug!(error = %Causes(&error), "expired entries could not be removed");
        }
        self.look_at_alarm(now).await;
        // What was counted here while the store was away.
        self.local.sweep(now).await;
        self.look_at_forgetting(self.store.forgotten() + self.local.store.forgotten(), now).await;
        let before = now.minus_millis(self.policy.audit.retention.millis());
        for sink in &self.sinks {
            if let Err(error) = sink.forget(before).await {
                tracing::warn!(error = %Causes(&error), "old events could not be removed");
            }
        }
    }

    /// The time now: read once a request, at the edge.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    #[cfg(feature = "breach")]
    pub(crate) const fn breaches(&self) -> Option<&Arc<dyn Breaches>> {
        self.breaches.as_ref()
    }

    pub(crate) const fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) const fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The tag that an account's entries are kept under.
    pub(crate) fn owner(&self, account: &AccountId) -> Tag {
        self.keys.tag("account", &[account.as_str().as_bytes()])
    }

    /// Tells the log and every sink. They are told; they never answer: a sink that fails is told of in the log.
    pub(crate) async fn tell(&self, event: Event) {
        self.log(&event).await;
        self.record(&event).await;
    }

    /// Tells the log, and the sinks at most once a minute for each account and `what`: for what an account can cause at
    /// will. Counted where limits are, so that what is remembered for it is bounded as they are.
    pub(crate) async fn tell_seldom(&self, event: Event, owner: Tag, what: &[&str]) {
        self.log(&event).await;
        let what: Vec<_> = what.iter().map(|part| part.as_bytes()).collect();
        let key = Key { space: Space::Limit, owner, id: self.keys().tag("told", &what) };
        let step = Step::Charge { key, policy: &self.seldom, tiers: &[], cost: self.seldom.cost(), shadow: false };
        match self.store().run(&[step], event.at()).await {
            Ok(outcomes) if outcomes.iter().any(Outcome::is_refusal) => {}
            Ok(_) => self.record(&event).await,
            Err(error) => {
                tracing::debug!(target: "covet::audit", error = %Causes(&error), "an event is in the log only")
            }
        }
    }

    async fn record(&self, event: &Event) {
        record(&self.sinks, event).await;
    }

    /// Tells only the log: for what strangers can cause at will, which must not fill a database.
    pub(crate) async fn log(&self, event: &Event) {
        log(event).await;
    }

    /// Whether it was made for routes with this requirement, so that it can decide on them.
    #[must_use]
    pub fn knows(&self, requirement: &'static Requirement) -> bool {
        self.plan(requirement).is_some()
    }

    fn plan(&self, requirement: &'static Requirement) -> Option<&Plan> {
        self.plans.get(&identity(requirement))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .field("routes", &self.plans.len())
            .finish_non_exhaustive()
    }
}

async fn record(sinks: &[Arc<dyn Sink>], event: &Event) {
    for sink in sinks {
        if let Err(error) = sink.record(event).await {
            tracing::error!(target: "covet::audit", error = %Causes(&error), event = event.kind().as_str(), "an audit sink failed");
        }
    }
}

async fn log(event: &Event) {
    if let Err(error) = TracingSink.record(event).await {
        tracing::error!(target: "covet::audit", error = %Causes(&error), "the log failed");
    }
}

fn once_a_minute() -> rate_limit::Policy {
    let rate = Rate::new(1, 60).expect("1 in 60 seconds is in range");
    let rates = Rates::new([rate]).expect("one rate is not too many");
    rate_limit::Policy::new(rates, Scope::User, Count::of(1)).expect("the rate admits a cost of 1")
}

/// A requirement is a static of its route, so its address is its name.
fn identity(requirement: &'static Requirement) -> usize {
    std::ptr::from_ref(requirement).addr()
}

#[cfg(all(test, feature = "sqlite"))]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::time::{Duration, Instant};

    use metrics_util::debugging::DebuggingRecorder;

    use super::watch::tests::{Broken, Way, counted};
    use super::*;
    use crate::accounts::SqlAccounts;
    use crate::audit::{Kind, Lines, SqlSink};
    use crate::keys::SecretKey;
    use crate::migrate::tests::database;
    use crate::requirement::{Access as RouteAccess, Charge, Mfa};
    use crate::session::SessionId;
    use crate::store::MemoryStore;
    use crate::time::SystemClock;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    /// An engine of this policy, where its events go, and what must live as long as it.
    async fn engine(policy: &str) -> (Engine, SqlSink, impl Drop) {
        engine_on(Arc::new(MemoryStore::default()), policy, &[]).await
    }

    async fn engine_on(
        store: Arc<dyn Store>,
        policy: &str,
        requirements: &'static [Requirement],
    ) -> (Engine, SqlSink, impl Drop) {
        let (directory, pool) = database().await;
        let sink = SqlSink::new(pool.clone());
        let parts = Parts {
            store,
            accounts: Arc::new(SqlAccounts::new(pool)),
            keys: Keys::from_secret(&SecretKey::generate().unwrap()),
            sinks: vec![Arc::new(sink.clone())],
            clock: Arc::new(SystemClock),
            #[cfg(feature = "breach")]
            breaches: None,
        };
        let text = format!("[application]\nname = 'V'\n{policy}");
        let engine = Engine::new(Policy::parse("security.toml", &text).unwrap(), requirements, parts).unwrap();
        (engine, sink, directory)
    }

    #[tokio::test]
    async fn an_event_is_kept_for_its_retention_and_no_longer() {
        let (engine, sink, _directory) = engine("[audit]\nretention = '30d'").await;
        let end = NOW.plus_millis(30 * 86_400_000);
        engine.tell(Event::new(Kind::AuthnLogout, NOW)).await;
        for (now, kept) in [(NOW.minus_millis(u64::MAX), 1), (end, 1), (end.plus_millis(1), 0)] {
            engine.sweep(now).await;
            assert_eq!(sink.recent(10).await.unwrap().len(), kept, "{now:?}");
        }
    }

    #[tokio::test]
    async fn what_was_counted_while_the_store_was_away_is_forgotten_at_its_end() {
        let limit = "[rate_limits.a]\nlimits = ['9/1m']\non_store_failure = 'local'";
        let (engine, _sink, _directory) = engine(limit).await;
        let limit = engine.policy().rate_limits.get("a").unwrap();
        for account in 0..100_u8 {
            let key = Key { space: Space::Limit, owner: Tag::NONE, id: engine.keys().tag("test", &[&[account]]) };
            assert!(engine.charge_without_store(limit, Some(limit), key, 1, NOW).is_some());
        }
        for (seconds, kept) in [(59, 100), (60, 0)] {
            // A sweep looks at a part of the store.
            for _ in 0..100 {
                engine.sweep(NOW.plus_millis(seconds * 1000)).await;
            }
            assert_eq!(engine.local.store.stats().entries, kept, "{seconds}");
        }
    }

    #[test]
    fn a_store_that_must_forget_is_told_of_once_and_counted() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let flood = async {
            let (engine, sink, _directory) = engine_on(Arc::new(MemoryStore::new(640)), "", &[]).await;
            for address in 0..10_000_u32 {
                let id = engine.keys().tag("test", &[&address.to_be_bytes()]);
                let key = Key { space: Space::Limit, owner: Tag::NONE, id };
                let step = Step::Charge { key, policy: &engine.seldom, tiers: &[], cost: 1, shadow: false };
                engine.store().run(&[step], NOW).await.unwrap();
                if address % 1000 == 0 {
                    engine.sweep(NOW).await;
                }
            }
            engine.sweep(NOW).await;
            engine.sweep(NOW.plus_millis(60_000)).await;
            let events = sink.recent(10).await.unwrap().into_iter().rev();
            events.map(|event| format!("{} {:?}", event.kind, event.details)).collect::<Vec<_>>()
        };
        let told = metrics::with_local_recorder(&recorder, || in_this_thread(flood));
        assert_eq!(
            told,
            [r#"store_failure {"condition": "forgetting"}"#, r#"store_recovered {"condition": "working"}"#]
        );
        assert_eq!(counted(&snapshotter), ["covet_store_forgotten_total  9360"]);
    }

    const fn route(limit: &'static [Charge], access: RouteAccess) -> Requirement {
        Requirement { route: "route", limits: limit, access }
    }

    const USERS: RouteAccess = RouteAccess::User { mfa: Mfa::NotRequired, roles: &[], permissions: &[] };

    static ROUTES: [Requirement; 4] = [
        route(&[Charge { limit: "denies", cost: None }], RouteAccess::Public),
        route(&[Charge { limit: "allows", cost: None }], RouteAccess::Public),
        route(&[Charge { limit: "counts", cost: None }], RouteAccess::Public),
        route(&[], USERS),
    ];

    /// Asks each route so often while the store is away; how many of each route's requests passed.
    async fn passed_without_store(rounds: u32) -> Vec<u32> {
        let limits = "[rate_limits]\ndenies = { limits = ['9/1h'] }\n\
                      allows = { limits = ['9/1h'], on_store_failure = 'allow' }\n\
                      counts = { limits = ['9/1h'], on_store_failure = 'local' }";
        let store = Arc::new(Broken::that(Way::IsSilent, true));
        let (engine, sink, _directory) = engine_on(store, limits, &ROUTES).await;
        let session = SessionId::from_bytes([7; 32]).cookie_value(&Tag::NONE);
        let facts = Facts { session: engine.presented(&session), ..Facts::default() };
        let mut passed = vec![0; ROUTES.len()];
        for _ in 0..rounds {
            for (route, passed) in ROUTES.iter().zip(&mut passed) {
                *passed += u32::from(engine.decide(route, &facts, NOW).await.outcome.is_ok());
            }
        }
        let start = Instant::now();
        while sink.recent(1).await.unwrap().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(10), "it is told of");
        }
        passed
    }

    fn in_this_thread<T>(what: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(what)
    }

    #[test]
    fn what_is_decided_without_the_store_is_counted_by_what_is_done_then() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let passed = metrics::with_local_recorder(&recorder, || in_this_thread(passed_without_store(20)));
        assert_eq!(passed, [0, 20, 9, 0]);
        let expected = [("allow", 20), ("deny", 40), ("local", 20)]
            .map(|(plan, count)| format!("covet_decisions_without_store_total plan={plan} {count}"));
        let away = "covet_store_transitions_total store=broken to=away 1".to_owned();
        assert_eq!(counted(&snapshotter), [expected.as_slice(), &[away]].concat());
    }

    #[test]
    fn however_many_requests_there_are_in_an_outage_the_log_has_it_once() {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || in_this_thread(passed_without_store(9)));
        let told = lines.of("the store is away").len();
        let of_audit = lines.of("store_failure").len();
        assert_eq!((told, of_audit), (1, 1), "{lines:?}");
        // Of what is refused by a limit there is a line each, as ever.
        assert_eq!(lines.of("").len(), 2, "{lines:?}");
    }
}
