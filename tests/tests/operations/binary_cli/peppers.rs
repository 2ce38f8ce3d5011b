//! The secret that passwords are hashed with, from its first day to its last.

use ashlar_tests::{Past, binary::Program, laws_of_programs};

const ADA: &str = "ada@example.org";

async fn pepper_is_exchanged(program: &Program, past: &Past) {
    let (old, new) = (format!("2025:{}", "1a".repeat(32)), format!("2026:{}", "2b".repeat(32)));
    let seasoned = |peppers: &str| program.clone().env("ASHLAR_PASSWORD_PEPPER", peppers);
    let class = async || past.texts("SELECT password_class FROM \"user\"").await.remove(0);
    let signs_in = async |program: &Program| {
        let server = program.serve().await;
        let status = server.api().log_in(ADA).await.status;
        assert!(!server.stop().contains(&"1a".repeat(32)), "the log has it");
        status == 200
    };
    let server = program.serve().await;
    assert_eq!(server.api().register(ADA).await.status, 201);
    server.stop();
    assert!(!class().await.contains("keyid"));

    // Whoever signs in gets the pepper of the day; base64 of its id stands in the hash.
    for (peppers, key_id) in [(old.clone(), "keyid=MjAyNQ"), (format!("{new},{old}"), "keyid=MjAyNg")] {
        let program = seasoned(&peppers);
        assert!(signs_in(&program).await, "{key_id}: as before");
        assert!(class().await.ends_with(key_id), "{}", class().await);
        assert!(signs_in(&program).await, "{key_id}: with the new hash");
    }
    // The old one is not needed any more; without the new one nobody would get in.
    assert!(signs_in(&seasoned(&new)).await);
    for peppers in ["", &old] {
        let refused = seasoned(peppers).run(&["serve"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("1 accounts were hashed with the pepper 2026"), "{refused:?}");
    }
    // The right id, and another secret: the password is another one then.
    assert!(!signs_in(&seasoned(&new.replace("2b", "3c"))).await);
}

laws_of_programs!(pepper_is_exchanged);
