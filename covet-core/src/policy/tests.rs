#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use super::*;

const BASE: &str = r#"
[application]
name = "Vault"
[permissions]
"read:notes" = "See notes"
"write:notes" = "Change notes"
"admin:audit" = "See the audit log"
[roles.member]
permissions = ["read:notes", "write:notes"]
[roles.admin]
inherits = ["member"]
permissions = ["admin:*"]
[rate_limits.login]
limits = ["5/5m"]
[rate_limits.mail]
limits = ["5/5m"]
scope = "key"
"#;

fn problems(text: &str) -> String {
    Policy::parse("security.toml", text).unwrap_err().to_string()
}

fn problems_or_none(text: &str) -> String {
    Policy::parse("security.toml", text).err().map(|problems| problems.to_string()).unwrap_or_default()
}

fn over(layers: Vec<Layer>) -> Result<Policy, Problems> {
    Policy::read(Layer::toml("compiled-in security.toml", BASE).unwrap(), layers)
}

fn file(text: &str) -> Layer {
    Layer::toml("security.toml", text).unwrap()
}

#[test]
fn a_section_left_out_means_its_defaults() {
    let policy = Policy::parse("security.toml", "[application]\nname = 'Vault'").unwrap();
    assert_eq!(policy.sessions, session::Policy::default());
    assert_eq!(policy.password, password::Policy::default());
    assert!(policy.permissions.is_empty() && policy.uncovered.is_empty());
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place() {
    let text = r#"[application]
name = "Vault"
colour = "red"
[sessions]
idle_timout = "5m"
max_lifetime = "5x"
[rate_limits.login]
limits = ["5/5m", "0/1d", 7]
[rate_limits.Bad]
limits = ["5/5m"]
[password]
min_length = 3
max_length = "long"
[roles.admin]
inherits = ["membr"]
permissions = ["reed:*"]
[roles.member]
"#;
    let told = problems(text);
    let expected = [
        "security.toml:3:1: `application.colour`: unknown key, expected one of `name`, `replicas`",
        "security.toml:5:1: `sessions.idle_timout`: unknown key",
        "did you mean `idle_timeout`?",
        "security.toml:6:16: `sessions.max_lifetime`: found `\"5x\"`, expected a duration from",
        "security.toml:8:19: `rate_limits.login.limits[1]`: found `\"0/1d\"`, expected a rate",
        "security.toml:8:27: `rate_limits.login.limits[2]`: found `7`, expected a rate",
        "security.toml:9:14: `rate_limits.Bad`: found `\"Bad\"`, expected a name",
        "security.toml:12:14: `password.min_length`: found `3`, expected a whole number from 8",
        "security.toml:13:14: `password.max_length`: found `\"long\"`, expected a whole number from",
        "security.toml:15:13: `roles.admin.inherits[0]`: unknown role `membr`",
        "did you mean `member`?",
        "security.toml:16:16: `roles.admin.permissions[0]`: matches no permission: `reed:*`",
    ];
    for line in expected {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
    assert_eq!(told.lines().count(), 10, "one line a mistake and none for what follows from it:\n{told}");
}

#[test]
fn a_missing_key_is_told_once_and_not_when_it_was_there_but_wrong() {
    assert_eq!(
        problems("[application]\nname = 'Vault'\n[rate_limits.login]\nscope = 'ip'"),
        "security.toml:3:14: `rate_limits.login`: the key `limits` is missing, such as `limits = [\"5/5m\"]`"
    );
    let wrong = problems("[application]\nname = 'Vault'\n[rate_limits.login]\nlimits = 5");
    assert!(wrong.contains("rate_limits.login.limits") && wrong.lines().count() == 1, "{wrong}");
    let empty = "security.toml: the key `application` is missing, such as `application = { name = \"Vault\" }`";
    assert_eq!(problems(""), empty);
}

#[test]
fn every_syntax_error_is_told_with_its_place() {
    let told = problems("[application\nname = \n[permissions]\na = = 1\n");
    assert!(told.lines().count() >= 2, "{told}");
    assert!(told.lines().all(|line| line.starts_with("security.toml:") && line.contains("not valid TOML")), "{told}");
}

#[test]
fn roles_that_inherit_in_a_circle_are_refused_once_a_circle() {
    let text = "[application]\nname = 'V'\n[roles.a]\ninherits = ['b']\n[roles.b]\ninherits = ['c']\n[roles.c]\ninherits = ['a']\n[roles.d]\ninherits=['a']";
    assert_eq!(problems(text), "security.toml:4:1: `roles.a.inherits`: inherits itself: a → b → c → a");
    assert!(problems("[application]\nname = 'V'\n[roles.a]\ninherits = ['a']").contains("a → a"));
}

#[test]
fn a_limit_names_roles_and_permissions_that_there_are() {
    let limit = |rest: &str| {
        let text = format!("{BASE}\n[rate_limits.api]\nlimits = ['9/1m']\nscope = 'user'\n{rest}");
        Policy::parse("security.toml", &text).map_err(|problems| problems.to_string())
    };
    limit("exempt.roles = ['admin']\ntiers = { member = ['99/1m'], 'write:notes' = ['999/1m'] }").unwrap();
    let told = limit("exempt.roles = ['admn']\ntiers = { membr = ['99/1m'], 'write:note' = ['999/1m'] }").unwrap_err();
    for line in [
        "`rate_limits.api.exempt.roles[0]`: unknown role `admn`, expected a role of `[roles]`; did you mean `admin`?",
        "`rate_limits.api.tiers.membr`: unknown tier `membr`, expected a role of `[roles]` or a permission; did you \
         mean `member`?",
        "unknown tier `write:note`, expected a role of `[roles]` or a permission; did you mean `write:notes`?",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
    assert_eq!(told.lines().count(), 3, "{told}");
}

#[test]
fn a_cost_fits_the_share_of_each_process_where_each_counts_by_itself() {
    let limit = |replicas: u32, plan: &str| {
        problems_or_none(&format!(
            "[application]\nname = 'Vault'\nreplicas = {replicas}\n[rate_limits.login]\nlimits = ['100/1d', '10/5m']\n\
             cost = 3\non_store_failure = '{plan}'"
        ))
    };
    for (replicas, plan) in [(1, "local"), (3, "local"), (4, "deny"), (4, "allow"), (1000, "deny")] {
        assert_eq!(limit(replicas, plan), "", "{replicas} {plan}");
    }
    assert_eq!(
        limit(4, "local"),
        "security.toml:7:20: `rate_limits.login.on_store_failure`: each of 4 `application.replicas` counts its share of the \
         limit while the store is away, and a cost of 3 never fits `2/5m`"
    );
    for replicas in [0, 1001] {
        assert!(limit(replicas, "deny").contains("expected a whole number from 1 to 1000"), "{replicas}");
    }
}

#[test]
fn a_role_has_its_own_and_inherited_permissions() {
    let policy = Policy::parse("security.toml", BASE).unwrap();
    let of = |role| policy.permissions_of(role).into_iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(of("admin"), ["admin:audit", "read:notes", "write:notes"]);
    assert_eq!(of("member"), ["read:notes", "write:notes"]);
    assert!(of("nobody").is_empty());
}

#[test]
fn a_layer_may_change_values() {
    let file = file("[rate_limits.login]\nlimits = ['7/1h']\n[sessions]\nidle_timeout = '15m'");
    let policy = over(vec![file]).unwrap();
    assert_eq!(policy.sessions.idle_timeout.seconds(), 900);
    assert_eq!(policy.rate_limits.values().next().unwrap().limits().as_slice().first().unwrap().to_string(), "7/1h");
    assert_eq!(policy.roles.len(), 2, "what the layer does not say stays");
}

#[test]
fn a_layer_may_not_bring_names_and_is_named_as_the_one_at_fault() {
    let file =
        file("[rate_limits.logn]\nlimits = ['7/1h']\n[permissions]\n'x:y' = ''\n[sessions]\nidle_timeout = '1s'");
    let told = over(vec![file]).unwrap_err().to_string();
    assert!(told.contains("security.toml:1:14: `rate_limits.logn`: the rate limit `logn` is not in the policy this program was compiled with"), "{told}");
    assert!(told.contains("did you mean `login`?") && told.contains("the permission `x:y`"), "{told}");
    assert!(told.contains("security.toml:6:16: `sessions.idle_timeout`: found `\"1s\"`"), "{told}");
    assert!(!told.contains("compiled-in"), "{told}");
}

#[test]
fn a_layer_may_not_take_a_limit_from_the_handlers_that_count_by_its_key() {
    let layer = |text| over(vec![file(text)]).map(drop).map_err(|problems| problems.to_string());
    layer("[rate_limits.mail]\nlimits = ['7/1h']\nscope = 'key'").unwrap();
    layer("[rate_limits.login]\nscope = 'key'").unwrap();
    let told = layer("[rate_limits.mail]\nscope = 'ip'").unwrap_err();
    let expected = "security.toml:2:9: `rate_limits.mail.scope`: handlers of this program count by `key`; a layer over \
                    its policy cannot change that";
    assert_eq!(told, expected);
}

#[cfg(feature = "runtime")]
#[test]
fn a_key_that_stands_twice_is_named_and_hides_nothing_in_it() {
    let text = "[application]\nname = 'V'\n[lockout]\n[lockout]\nwindow = '1d'\n";
    let said = Policy::parse("security.toml", text).unwrap_err().to_string();
    assert!(said.contains("security.toml:4:2: not valid TOML: duplicate key `lockout`"), "{said}");
    let said = Policy::parse("security.toml", "\"\u{202e}evil\" = 1\n").unwrap_err().to_string();
    assert!(said.contains("\\u{202e}evil") && !said.contains('\u{202e}'), "{said}");
}

#[test]
fn a_variable_wins_over_the_file_and_is_named_when_it_is_wrong() {
    let variables = |value: &str| {
        let variables = [
            ("COVET_SESSIONS__IDLE_TIMEOUT", value),
            ("COVET_SECRET_KEY", "not a key of the policy"),
            ("PATH", "x__y"),
        ];
        Layer::environment(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
    };
    let layers = |value| [file("[sessions]\nidle_timeout = '15m'")].into_iter().chain(variables(value)).collect();
    assert_eq!(over(layers("20m")).unwrap().sessions.idle_timeout.seconds(), 1200);
    let told = over(layers("soon")).unwrap_err().to_string();
    assert!(told.starts_with("COVET_SESSIONS__IDLE_TIMEOUT: `sessions.idle_timeout`: found `\"soon\"`"), "{told}");

    let limits = Layer::environment([("COVET_RATE_LIMITS__LOGIN__LIMITS".to_owned(), "[\"9/1m\"]".to_owned())]);
    assert_eq!(over(limits).unwrap().rate_limits.values().next().unwrap().limits().as_slice().len(), 1);
    let unknown = Layer::environment([("COVET_SESIONS__IDLE_TIMEOUT".to_owned(), "9m".to_owned())]);
    assert!(over(unknown).unwrap_err().to_string().starts_with("COVET_SESIONS__IDLE_TIMEOUT: `sesions`: unknown key"));
}
