use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::password_hash::{Error as Argon2Error, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

#[cfg(feature = "import")]
use super::foreign::Foreign;
use super::pool::{Pool, PoolError};
use super::{Password, PasswordHash, Policy};
use crate::random::{self, RandomError};

/// Hashes passwords with Argon2id and verifies them, within the memory budget of the policy.
///
/// ```
/// use covet_core::password::{Hasher, Password, Policy, Verdict};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let hasher = Hasher::new(&Policy::default());
/// let hash = hasher.hash(Password::from("correct horse battery".to_owned())).await?;
/// let typed = Password::from("correct horse".to_owned());
/// assert_eq!(hasher.verify(typed, &hash).await?, Verdict::Wrong);
/// # Ok::<(), covet_core::password::HashError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Hasher {
    params: Params,
    pool: Pool,
    dummy: PasswordHash,
}

/// What a typed password is to a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right {
        /// The hash was made with other parameters than the policy's: hash the password anew and store that.
        needs_rehash: bool,
    },
    /// It is another one.
    Wrong,
}

/// A password could not be hashed or verified; the caller denies.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Too many are being hashed; the answer to the client is 503.
    #[error("too many passwords are being hashed; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The stored hash is not an Argon2 hash in PHC form; nor, with the feature `import`, one of those.
    #[error("a stored password hash is in no form that is known here")]
    Malformed,
    /// The stored hash asks for more work than any of ours would.
    #[error("a stored password hash asks for {memory} KiB and {iterations} iterations, which is refused")]
    TooCostly {
        /// Kibibytes.
        memory: u32,
        /// Passes.
        iterations: u32,
    },
    /// No salt could be drawn.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Argon2 failed, as when memory could not be had.
    #[error("hashing a password failed")]
    Failed,
}

impl Hasher {
    /// A stored hash may take this many times the work of the policy's: enough to come from any usual parameters, too
    /// little for a row that someone planted to stall the server.
    const MAX_COST_FACTOR: u64 = 16;

    /// A hasher with the parameters of the policy.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let hash = policy.hash;
        let (memory, iterations, lanes) = (hash.memory.kibibytes(), hash.iterations.get(), hash.parallelism.get());
        let params = Params::new(memory, iterations, lanes, Some(Params::DEFAULT_OUTPUT_LEN));
        let params = params.expect("the policy's ranges lie within those of Argon2");
        let dummy = dummy(&params).expect("a salt of 16 bytes and a hash of 32 are valid");
        Self { params, pool: Pool::new(policy.hash_budget.kibibytes(), memory), dummy }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`] when too many wait; [`HashError::Random`] or [`HashError::Failed`] when the machine fails.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        let mut salt = [0; 16];
        random::fill(&mut salt)?;
        let argon2 = argon2id(self.params.clone());
        let job = move || argon2.hash_password_with_salt(password.expose().as_bytes(), &salt);
        let hash = self.run(self.params.m_cost(), job).await?.map_err(|_| HashError::Failed)?;
        Ok(PasswordHash::from(hash.to_string()))
    }

    /// Verifies a typed password against a stored hash, with the parameters that the hash names.
    ///
    /// # Errors
    ///
    /// [`HashError::Busy`] when too many wait; [`HashError::Malformed`] or [`HashError::TooCostly`] when the stored
    /// hash cannot be one of ours; [`HashError::Failed`] when the machine fails.
    pub async fn verify(&self, password: Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        #[cfg(feature = "import")]
        if let Some(foreign) = Foreign::parse(hash.expose()) {
            return self.verify_foreign(password, foreign).await;
        }
        let phc = Phc::new(without_django(hash.expose())).map_err(|_| HashError::Malformed)?;
        let params = self.affordable_params(&phc)?;
        let needs_rehash = !self.made_now(&phc, &params);
        let argon2 = argon2id(params.clone());
        let job = move || argon2.verify_password(password.expose().as_bytes(), &phc);
        match self.run(params.m_cost(), job).await? {
            Ok(()) => Ok(Verdict::Right { needs_rehash }),
            Err(Argon2Error::PasswordInvalid) => Ok(Verdict::Wrong),
            Err(_) => Err(HashError::Failed),
        }
    }

    /// Verifies against a hash of another system. It is never one that is made today.
    #[cfg(feature = "import")]
    async fn verify_foreign(&self, password: Password, hash: Foreign) -> Result<Verdict, HashError> {
        let (memory, iterations) = (hash.memory(), hash.iterations());
        if !hash.is_affordable(self.pool.budget()) {
            return Err(HashError::TooCostly { memory, iterations });
        }
        let is_right = self.run(memory, move || hash.is_of(password.expose().as_bytes())).await?;
        Ok(if is_right { Verdict::Right { needs_rehash: true } } else { Verdict::Wrong })
    }

    /// Does for an unknown user what [`verify`](Self::verify) does for a known one, so that the time of the answer does
    /// not tell which users exist. No password is the right one.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub async fn verify_dummy(&self, password: Password) -> Result<(), HashError> {
        self.verify(password, &self.dummy).await.map(drop)
    }

    /// The parameters of a stored hash, unless they ask for more than its place in the budget or in time.
    fn affordable_params(&self, phc: &Phc) -> Result<Params, HashError> {
        let known = Algorithm::new(phc.algorithm).is_ok() && phc.salt.is_some() && phc.hash.is_some();
        let params = Params::try_from(phc).ok().filter(|_| known).ok_or(HashError::Malformed)?;
        let cost = |params: &Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
        let affordable = params.m_cost() <= self.pool.budget()
            && cost(&params) <= cost(&self.params).saturating_mul(Self::MAX_COST_FACTOR);
        let too_costly = HashError::TooCostly { memory: params.m_cost(), iterations: params.t_cost() };
        if affordable { Ok(params) } else { Err(too_costly) }
    }

    /// Whether the hash is as [`hash`](Self::hash) would make it today.
    fn made_now(&self, phc: &Phc, params: &Params) -> bool {
        let ours = phc.algorithm == Algorithm::Argon2id.ident() && phc.version == Some(Version::V0x13.into());
        ours && *params == self.params
    }

    /// Does work that blocks, within the budget; `memory` in kibibytes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        memory: u32,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        self.pool.run(memory, job).await.map_err(|error| match error {
            PoolError::Busy => HashError::Busy { retry_after: Pool::MAX_WAIT },
            PoolError::Lost => HashError::Failed,
        })
    }
}

/// Django writes `argon2` before the PHC string.
fn without_django(hash: &str) -> &str {
    hash.strip_prefix("argon2").filter(|phc| phc.starts_with("$argon2")).unwrap_or(hash)
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A hash that costs what a real one does and that no password is known for.
fn dummy(params: &Params) -> Result<PasswordHash, Argon2Error> {
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&[0; 16])?),
        hash: Some(Output::new(&[0; Params::DEFAULT_OUTPUT_LEN])?),
    };
    Ok(PasswordHash::from(phc.to_string()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};

    use super::*;
    use crate::units::{Count, Size};

    const RIGHT: Verdict = Verdict::Right { needs_rehash: false };
    const OUTDATED: Verdict = Verdict::Right { needs_rehash: true };

    fn policy() -> Policy {
        let hash = super::super::Hash { memory: Size::of(7168), iterations: Count::of(1), parallelism: Count::of(1) };
        Policy { hash, ..Policy::default() }
    }

    fn typed(text: &str) -> Password {
        Password::from(text.to_owned())
    }

    fn stored(phc: &str) -> PasswordHash {
        PasswordHash::from(phc.to_owned())
    }

    /// RFC 9106, section 5.3.
    #[test]
    fn argon2id_known_answer() {
        let mut params = ParamsBuilder::new();
        params.m_cost(32).t_cost(3).p_cost(4).output_len(32).data(AssociatedData::new(&[4; 12]).unwrap());
        let params = params.build().unwrap();
        let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    }

    /// A hash of the reference implementation of Argon2, from its own tests.
    #[tokio::test]
    async fn a_hash_of_another_implementation_is_verified() {
        let hash = stored("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
        let hasher = Hasher::new(&Policy::default());
        assert_eq!(hasher.verify(typed("password"), &hash).await.unwrap(), OUTDATED);
        assert_eq!(hasher.verify(typed("Password"), &hash).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_password_is_verified_exactly_as_typed() {
        let hasher = Hasher::new(&policy());
        let long = "long ".repeat(60);
        for password in ["correct horse battery ", "pässwörd \u{1f40e} with space ", long.as_str()] {
            let hash = hasher.hash(typed(password)).await.unwrap();
            assert!(hash.expose().starts_with("$argon2id$v=19$m=7168,t=1,p=1$"));
            assert_eq!(hasher.verify(typed(password), &hash).await.unwrap(), RIGHT);
            for wrong in [password.trim_end(), &password.to_uppercase(), &format!("{password}x"), ""] {
                assert_eq!(hasher.verify(typed(wrong), &hash).await.unwrap(), Verdict::Wrong);
            }
        }
    }

    #[tokio::test]
    async fn one_password_has_a_new_hash_each_time() {
        let hasher = Hasher::new(&policy());
        assert_ne!(hasher.hash(typed("same")).await.unwrap(), hasher.hash(typed("same")).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_to_be_made_anew() {
        let hash = Hasher::new(&policy()).hash(typed("password")).await.unwrap();
        let mut changed = [policy(), policy(), policy()];
        changed[0].hash.memory = Size::of(8192);
        changed[1].hash.iterations = Count::of(2);
        changed[2].hash.parallelism = Count::of(2);
        for policy in changed {
            assert_eq!(Hasher::new(&policy).verify(typed("password"), &hash).await.unwrap(), OUTDATED);
            assert_eq!(Hasher::new(&policy).verify(typed("wrong"), &hash).await.unwrap(), Verdict::Wrong);
        }
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(7168, 1, 1, Some(32)).unwrap());
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x10, Params::new(7168, 1, 1, Some(32)).unwrap());
        let short = argon2id(Params::new(7168, 1, 1, Some(16)).unwrap());
        for argon2 in [argon2i, old, short] {
            let phc = argon2.hash_password_with_salt(b"password", &[9; 16]).unwrap().to_string();
            let verdict = Hasher::new(&policy()).verify(typed("password"), &stored(&phc)).await.unwrap();
            assert_eq!(verdict, OUTDATED, "{phc}");
        }
    }

    #[tokio::test]
    async fn a_hostile_hash_is_refused_before_any_work() {
        let hasher = Hasher::new(&policy());
        for params in ["m=4194304,t=1,p=1", "m=262145,t=1,p=1", "m=7168,t=17,p=1", "m=8,t=4294967295,p=1"] {
            let hash =
                stored(&format!("$argon2id$v=19${params}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"));
            let error = hasher.verify(typed("password"), &hash).await.unwrap_err();
            assert!(matches!(error, HashError::TooCostly { .. }), "{params}: {error}");
        }
        // Little work, but more memory than there is.
        let small = Hasher::new(&Policy { hash_budget: Size::of(7168), ..policy() });
        let memory = Argon2::from(Params::new(8192, 1, 1, Some(32)).unwrap());
        let hash = memory.hash_password_with_salt(b"password", &[9; 16]).unwrap().to_string();
        let error = small.verify(typed("password"), &stored(&hash)).await.unwrap_err();
        assert!(matches!(error, HashError::TooCostly { memory: 8192, iterations: 1 }));
        assert_eq!(hasher.verify(typed("password"), &stored(&hash)).await.unwrap(), OUTDATED);

        for phc in [
            "",
            "password",
            "$2x$12$abcdefghijklmnopqrstuu5Lp0nYb8aC8sZ8mVxZ3mC9pUqk1bJ6i",
            "$md5$ln=4,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "argon2$argon2i",
            "$argon2id$v=19$m=7168,t=1,p=1",
            "$argon2id$v=19$m=7168,t=1,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=0,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ] {
            let error = hasher.verify(typed("password"), &stored(phc)).await.unwrap_err();
            assert!(matches!(error, HashError::Malformed), "{phc}: {error}");
        }
    }

    #[tokio::test]
    async fn the_argon2_of_django_is_verified() {
        // Made by Django 5.2.
        let hash = stored(
            "argon2$argon2id$v=19$m=8192,t=1,p=1$dnFZSHZvVUJOSVFmQUIxU1JLMndpNg$nvljgVUhOvDA82E6jSSRPSU5BySLGqqm/ZxfzJHE0J8",
        );
        let hasher = Hasher::new(&policy());
        assert_eq!(hasher.verify(typed("correct hörse battery"), &hash).await.unwrap(), OUTDATED);
        assert_eq!(hasher.verify(typed("correct horse battery"), &hash).await.unwrap(), Verdict::Wrong);
    }

    #[cfg(feature = "import")]
    #[tokio::test]
    async fn a_hash_of_another_system_is_verified_and_is_to_be_made_anew() {
        let hash = stored("bcrypt$$2b$04$1ek6Nx//rryVBH3ojtNMVOSYfum9aaqS0VRjgOUKbTAH8WGp.2/vO");
        let hasher = Hasher::new(&policy());
        assert_eq!(hasher.verify(typed("correct hörse battery"), &hash).await.unwrap(), OUTDATED);
        assert_eq!(hasher.verify(typed("correct horse battery"), &hash).await.unwrap(), Verdict::Wrong);

        let costly = stored("bcrypt$$2b$15$1ek6Nx//rryVBH3ojtNMVOSYfum9aaqS0VRjgOUKbTAH8WGp.2/vO");
        let error = hasher.verify(typed("correct hörse battery"), &costly).await.unwrap_err();
        assert!(matches!(error, HashError::TooCostly { memory: 4, iterations: 32_768 }), "{error}");
        // More memory than all hashing may use.
        let scrypt = "$scrypt$ln=13,r=8,p=1$HQOgtHYuhdCaszYm5ByDcA$/FslHZrslq/9tCU1gSQ5TD8E3B/apUB/gOcruHI8vTw";
        let small = Hasher::new(&Policy { hash_budget: Size::of(7168), ..policy() });
        let error = small.verify(typed("password"), &stored(scrypt)).await.unwrap_err();
        assert!(matches!(error, HashError::TooCostly { memory: 8193, iterations: 1 }), "{error}");
        assert_eq!(hasher.verify(typed("password"), &stored(scrypt)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn the_dummy_costs_what_a_hash_costs_and_no_password_fits() {
        let hasher = Hasher::new(&policy());
        let hash = hasher.hash(typed("password")).await.unwrap();
        let cost = |hash: &PasswordHash| Phc::new(hash.expose()).map(|phc| (phc.algorithm, phc.version, phc.params));
        assert_eq!(cost(&hasher.dummy).unwrap(), cost(&hash).unwrap());
        assert_eq!(hasher.verify(typed("password"), &hasher.dummy).await.unwrap(), Verdict::Wrong);
        hasher.verify_dummy(typed("password")).await.unwrap();
        hasher.pool.close();
        hasher.verify_dummy(typed("password")).await.expect_err("it does the work, and here no work is done");
    }

    #[tokio::test]
    async fn a_budget_smaller_than_one_hash_still_hashes() {
        let hasher = Hasher::new(&Policy { hash_budget: Size::of(7168), ..Policy::default() });
        let hash = hasher.hash(typed("password")).await.unwrap();
        assert_eq!(hasher.verify(typed("password"), &hash).await.unwrap(), RIGHT);
    }
}
