//! Passwords: Argon2id with the crate's recommended cost (19 MiB, two passes), a few at a time so that a storm of
//! sign-ins does not eat the machine.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base::Problems;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// The hash of an account that does not exist: checking it takes as long as a real one, so that the clock does not
/// tell which logins are known.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(hash.to_string())
}

/// The PHC string to keep for a password.
pub async fn hash(password: &str) -> anyhow::Result<String> {
    let _turn = AT_ONCE.acquire().await?;
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

/// Whether the password is the one that was kept. Without a hash it takes the same time and says no.
pub async fn matches(password: &str, kept: Option<&str>) -> anyhow::Result<bool> {
    let _turn = AT_ONCE.acquire().await?;
    let (password, kept) = (password.to_owned(), kept.map(str::to_owned));
    tokio::task::spawn_blocking(move || {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.clone());
        let fits = Argon2::default().verify_password(password.as_bytes(), kept.as_str()).is_ok();
        Ok(fits && known)
    })
    .await?
}

/// At least ten characters, not one of the first guesses, not the login itself. Length is what protects; rules about
/// signs and digits only make people write passwords down (NIST SP 800-63B).
pub fn check_new(login: &str, password: &str, repeated: &str) -> Problems {
    let mut problems = Problems::none();
    let length = password.chars().count();
    problems.add_if(length < 10, "password", format!("Cần ít nhất 10 ký tự, mới có {length}."));
    problems.add_if(length > 200, "password", "Tối đa 200 ký tự.");
    let folded = base::fold(password).replace(' ', "");
    let guessable = ["matkhau", "password", "12345678", "qwerty", "phongkham", "benhvien"];
    problems.add_if(
        guessable.iter().any(|g| folded.contains(g)) || folded.contains(&base::fold(login).replace(' ', "")),
        "password",
        "Mật khẩu này dễ đoán. Hãy dùng một câu dài chỉ mình biết.",
    );
    problems.add_if(password != repeated, "repeated", "Hai lần gõ chưa giống nhau.");
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let kept = hash("Trời hôm nay đẹp").await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(matches("Trời hôm nay đẹp", Some(&kept)).await.unwrap());
        assert!(!matches("Trời hôm nay xấu", Some(&kept)).await.unwrap());
        assert!(!matches("nobody has this password", None).await.unwrap());
    }

    #[test]
    fn weak_passwords_are_refused_with_every_reason() {
        assert_eq!(check_new("bacsi", "ngan", "khac").0.len(), 2);
        assert!(!check_new("bacsi", "bacsi-bacsi-1", "bacsi-bacsi-1").is_empty());
        assert!(check_new("bacsi", "ngựa chạy qua cầu", "ngựa chạy qua cầu").is_empty());
    }
}
