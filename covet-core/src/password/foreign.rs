//! Hashes that another system made: verified as they are, and made anew with ours at the first sign-in.
//!
//! Read are the forms of Django (`pbkdf2_sha256$…`, `pbkdf2_sha1$…`, `bcrypt$…`, `bcrypt_sha256$…`, `scrypt$…`), of PHC
//! strings (`$pbkdf2-sha256$i=…`, `$scrypt$ln=…`), of passlib (`$pbkdf2-sha256$29000$…`), and of bcrypt itself (`$2a$`, `$2b$`,
//! `$2y$`). Each takes its own time, so that until they are all made anew an answer may tell an old account from an unknown one.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

/// A hash that is not ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// `hash` is in the form `$2b$…`.
    Bcrypt {
        hash: String,
        cost: u32,
        prehashed: bool,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
    Pbkdf2 {
        prf: Prf,
        rounds: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Foreign {
    /// About a second of a usual processor each: what any system asks for, and less than stalls a server.
    const MAX_BCRYPT_COST: u32 = 14;
    const MAX_PBKDF2_ROUNDS: u32 = 3_000_000;
    /// `N · r · p`; that of `ln=17,r=8,p=1` is 2^20.
    const MAX_SCRYPT_WORK: u64 = 1 << 22;

    /// No hash is shorter: a hash of no bytes is that of every password.
    const MIN_OUTPUT: usize = 16;
    const MAX_OUTPUT: usize = 128;

    /// Reads a stored hash. `None` if it is none of these.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hash = match text.split_once('$')? {
            ("", phc) => of_phc(text, phc),
            (django, rest) => of_django(django, rest),
        }?;
        let length = match &hash {
            Self::Bcrypt { .. } => return Some(hash),
            Self::Scrypt { output, .. } | Self::Pbkdf2 { output, .. } => output.len(),
        };
        (Self::MIN_OUTPUT..=Self::MAX_OUTPUT).contains(&length).then_some(hash)
    }

    /// The memory that it takes, in KiB.
    pub(super) fn memory(&self) -> u32 {
        match self {
            Self::Bcrypt { .. } => 4,
            Self::Pbkdf2 { .. } => 1,
            Self::Scrypt { log_n, r, p, .. } => {
                let blocks = 1_u64.checked_shl((*log_n).into()).unwrap_or(u64::MAX).saturating_add((*p).into());
                let kibibytes = blocks.saturating_mul((*r).into()).saturating_mul(128).div_ceil(1024);
                kibibytes.try_into().unwrap_or(u32::MAX)
            }
        }
    }

    /// How often it goes over that memory.
    pub(super) fn iterations(&self) -> u32 {
        match self {
            Self::Bcrypt { cost, .. } => 1_u32.checked_shl(*cost).unwrap_or(u32::MAX),
            Self::Scrypt { p, .. } => *p,
            Self::Pbkdf2 { rounds, .. } => *rounds,
        }
    }

    /// Whether its work is no more than a system would ask for.
    pub(super) fn is_affordable(&self, memory: u32) -> bool {
        self.memory() <= memory
            && match self {
                Self::Bcrypt { cost, .. } => *cost <= Self::MAX_BCRYPT_COST,
                Self::Pbkdf2 { rounds, .. } => *rounds <= Self::MAX_PBKDF2_ROUNDS,
                Self::Scrypt { log_n, r, p, .. } => {
                    let work = 1_u64.checked_shl((*log_n).into()).unwrap_or(u64::MAX);
                    work.saturating_mul((*r).into()).saturating_mul((*p).into()) <= Self::MAX_SCRYPT_WORK
                }
            }
    }

    /// Whether it is the hash of the password.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt { hash, prehashed, .. } => {
                // Past 72 bytes bcrypt does not look, and whoever made the hash did not either.
                let is = |password: &[u8]| bcrypt::verify(password, hash).unwrap_or(false);
                if *prehashed { is(hex(&Sha256::digest(password)).as_bytes()) } else { is(password) }
            }
            Self::Scrypt { log_n, r, p, salt, output } => {
                let mut found = vec![0; output.len()];
                let params = scrypt::Params::new(*log_n, *r, *p).ok();
                let made = params.is_some_and(|params| scrypt::scrypt(password, salt, &params, &mut found).is_ok());
                made && found.ct_eq(output).into()
            }
            Self::Pbkdf2 { prf, rounds, salt, output } => {
                let mut found = vec![0; output.len()];
                match prf {
                    Prf::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, *rounds, &mut found),
                    Prf::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, *rounds, &mut found),
                    Prf::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, *rounds, &mut found),
                }
                found.ct_eq(output).into()
            }
        }
    }
}

/// `algorithm$…` of Django. Its salts are text, not base64.
fn of_django(algorithm: &str, rest: &str) -> Option<Foreign> {
    let parts: Vec<_> = rest.split('$').collect();
    let pbkdf2 = |prf| match *parts {
        [rounds, salt, output] => {
            let output = STANDARD.decode(output).ok()?;
            Some(Foreign::Pbkdf2 { prf, rounds: positive(rounds)?, salt: salt.into(), output })
        }
        _ => None,
    };
    match algorithm {
        "pbkdf2_sha256" => pbkdf2(Prf::Sha256),
        "pbkdf2_sha1" => pbkdf2(Prf::Sha1),
        "bcrypt" => bcrypt(rest, false),
        "bcrypt_sha256" => bcrypt(rest, true),
        "scrypt" => match *parts {
            [n, salt, r, p, output] => {
                let n: u64 = n.parse().ok().filter(|n: &u64| n.is_power_of_two() && *n > 1)?;
                let (log_n, output) = (n.ilog2().try_into().ok()?, STANDARD.decode(output).ok()?);
                Some(Foreign::Scrypt { log_n, r: positive(r)?, p: positive(p)?, salt: salt.into(), output })
            }
            _ => None,
        },
        _ => None,
    }
}

/// `$algorithm$…`.
fn of_phc(text: &str, phc: &str) -> Option<Foreign> {
    match phc.split('$').collect::<Vec<_>>()[..] {
        ["2a" | "2b" | "2y", ..] => bcrypt(text, false),
        ["scrypt", params, salt, output] => {
            let (mut log_n, mut r, mut p) = (None, None, None);
            for (name, value) in params.split(',').filter_map(|param| param.split_once('=')) {
                match name {
                    "ln" => log_n = value.parse().ok().filter(|n| (1..64).contains(n)),
                    "r" => r = positive(value),
                    "p" => p = positive(value),
                    _ => return None,
                }
            }
            Some(Foreign::Scrypt { log_n: log_n?, r: r?, p: p?, salt: base64(salt)?, output: base64(output)? })
        }
        [prf, params, salt, output] => {
            let prf = match prf {
                "pbkdf2" | "pbkdf2-sha1" => Prf::Sha1,
                "pbkdf2-sha256" => Prf::Sha256,
                "pbkdf2-sha512" => Prf::Sha512,
                _ => return None,
            };
            let rounds = params.split(',').find_map(|param| param.strip_prefix("i=")).unwrap_or(params);
            Some(Foreign::Pbkdf2 { prf, rounds: positive(rounds)?, salt: base64(salt)?, output: base64(output)? })
        }
        _ => None,
    }
}

fn bcrypt(hash: &str, prehashed: bool) -> Option<Foreign> {
    let parts: bcrypt::HashParts = hash.parse().ok()?;
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version));
    known.then(|| Foreign::Bcrypt { hash: hash.to_owned(), cost: parts.get_cost(), prehashed })
}

/// Base64 without padding; passlib writes `.` for `+`.
fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

fn positive(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct hörse battery";

    /// Made by Django 5.2 and passlib 1.7.
    const MADE_ELSEWHERE: [&str; 9] = [
        "pbkdf2_sha256$1200$SRc8mxUAdymSbtiElAR5y4$uBbUhB/bznHEJYEqfsWSHQIFs3uM10FjCybCPcpNFKw=",
        "pbkdf2_sha1$1200$9C9rl6Ro6X7TqZ5iVJOP3Z$YHjOILXuU4+D4z1yGGer71aRrA0=",
        "bcrypt_sha256$$2b$04$8N8J7NcSTuIl1dS2bgr/Xeqw3756B8szh8/VW7UK0hJgs.BdgayQy",
        "bcrypt$$2b$04$1ek6Nx//rryVBH3ojtNMVOSYfum9aaqS0VRjgOUKbTAH8WGp.2/vO",
        "scrypt$1024$c0mb1nedSaltOf22chars..$8$5$9TZAa4kx79mS1WD0qFGH4yCB87Q4N9UVyPcRkv5NAi8F8fxThE8yPC6OW0OApQo5jIn5uyFTu0r3+EviDD56tA==",
        "$pbkdf2-sha256$1200$wPh/b41RCiFkrHWuVeo95w$B3SuDwFyO81Qzs49lH5fh3I1ot4RsBx/Rw.1byjjVhQ",
        "$pbkdf2-sha512$1200$ei8FQIjR2ts7x9g7p7S2lg$m9UkBrbhN3WGkQCkHLyf8KpTQLB38ZOeOIWmAfcEGfM.Mld65xx.13VxmvCFi3rE0PAdWB4wD7bJTseqfue/vA",
        "$pbkdf2$1200$hdB6j1FKyRljbO29N4Ywhg$re0tvmGDiRmr80gp/QQlIH9Xn/c",
        "$scrypt$ln=10,r=8,p=1$HQOgtHYuhdCaszYm5ByDcA$/FslHZrslq/9tCU1gSQ5TD8E3B/apUB/gOcruHI8vTw",
    ];

    #[test]
    fn what_django_and_passlib_made_is_verified_and_another_password_is_not() {
        for text in MADE_ELSEWHERE {
            let hash = Foreign::parse(text).unwrap();
            assert!(hash.is_affordable(2048), "{text}");
            assert!(hash.is_of(PASSWORD.as_bytes()), "{text}");
            assert!(!hash.is_of(b"correct horse battery"), "{text}");
            assert!(!hash.is_of(b""), "{text}");
        }
    }

    #[test]
    fn a_phc_string_and_that_of_passlib_are_the_same_hash() {
        let [.., passlib, _, _, _] = MADE_ELSEWHERE;
        let phc = passlib.replace("$1200$", "$i=1200,l=32$").replace('.', "+");
        assert_eq!(Foreign::parse(&phc), Foreign::parse(passlib));
        assert!(Foreign::parse(&phc).is_some());
    }

    #[test]
    fn a_hash_that_asks_for_more_work_than_any_system_would_is_not_affordable() {
        let [pbkdf2, _, _, bcrypt, scrypt, ..] = MADE_ELSEWHERE;
        for (text, affordable) in [
            (pbkdf2.replace("$1200$", "$3000000$"), true),
            (pbkdf2.replace("$1200$", "$3000001$"), false),
            (bcrypt.replace("$04$", "$14$"), true),
            (bcrypt.replace("$04$", "$15$"), false),
            (scrypt.replace("$1024$", "$131072$").replace("$8$5$", "$8$1$"), true),
            (scrypt.replace("$1024$", "$262144$").replace("$8$5$", "$8$1$"), false),
            (scrypt.replace("$8$5$", "$8$512$"), true),
            (scrypt.replace("$8$5$", "$8$513$"), false),
            (scrypt.replace("$8$5$", "$4294967295$4294967295$"), false),
            (scrypt.replace("$1024$", "$9223372036854775808$"), false),
        ] {
            assert_eq!(Foreign::parse(&text).unwrap().is_affordable(140_000), affordable, "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_of_these_is_not_read() {
        let [pbkdf2, _, _, bcrypt, scrypt, ..] = MADE_ELSEWHERE;
        for text in [
            String::new(),
            "$".into(),
            "plain".into(),
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99".into(),
            "$1$salt$hash".into(),
            "$2x$04$1ek6Nx//rryVBH3ojtNMVOSYfum9aaqS0VRjgOUKbTAH8WGp.2/vO".into(),
            pbkdf2.replace("$1200$", "$0$"),
            pbkdf2.replace("$1200$", "$-1$"),
            pbkdf2.replace("$uBbUhB/bznHEJYEqfsWSHQIFs3uM10FjCybCPcpNFKw=", "$"),
            pbkdf2.replace("$uBbUhB/bznHEJYEqfsWSHQIFs3uM10FjCybCPcpNFKw=", "$dG9vIHNob3J0"),
            format!("{pbkdf2}$more"),
            bcrypt.replace("bcrypt$$2b$", "bcrypt$$2x$"),
            bcrypt.replace("/vO", ""),
            scrypt.replace("$1024$", "$1000$"),
            scrypt.replace("$1024$", "$1$"),
            scrypt.replace("$8$5$", "$0$5$"),
        ] {
            assert_eq!(Foreign::parse(&text), None, "{text}");
        }
    }
}
