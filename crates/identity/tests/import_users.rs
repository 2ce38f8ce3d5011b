//! Taking over accounts, in process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use ashlar_identity::{
    ImportSource, LogIn, Register, Role,
    use_case::{ImportInput, ImportOutcome, ImportRefusal, ImportUser, ImportUsersError},
};
use ashlar_kernel::{Context, RequestId, TenantId};
use ashlar_memory::{Embedded, anonymous};
use futures::executor::block_on;

const PASSWORD: &str = "tuba-mint-quarrel-9";

fn operator(embedded: &Embedded) -> Context {
    let now = anonymous(&*embedded.clock).now;
    Context::system("import", TenantId::MAIN, RequestId::new(&*embedded.ids), now)
}

fn input<'a>(id: &'a str, email: &'a str) -> ImportInput<'a> {
    ImportInput {
        id,
        email,
        username: None,
        display_name: None,
        password_hash: None,
        is_active: true,
        role: Role::Member,
        created_at: None,
        last_login_at: None,
    }
}

fn users(inputs: &[ImportInput<'_>]) -> Vec<ImportUser> {
    inputs.iter().map(|input| ImportUser::parse(*input).unwrap_or_else(|error| panic!("{error}"))).collect()
}

fn source() -> ImportSource {
    ImportSource::parse("elsewhere").unwrap()
}

/// What became of each: `+` taken over, `=` before, else the code of the refusal.
fn shown(outcomes: &[ImportOutcome]) -> Vec<&'static str> {
    let shown = |outcome: &ImportOutcome| match outcome {
        ImportOutcome::Imported(_) => "+",
        ImportOutcome::ImportedBefore => "=",
        ImportOutcome::Refused(refusal) => refusal.code(),
    };
    outcomes.iter().map(shown).collect()
}

/// Accounts in which every way to be in the way occurs, in the store, in the batch and in an earlier batch.
fn batches() -> [Vec<ImportInput<'static>>; 2] {
    let named = |id, email, username| ImportInput { username: Some(username), ..input(id, email) };
    let hashed = |id, email, hash| ImportInput { password_hash: Some(hash), ..input(id, email) };
    [
        vec![
            named("1", "one@example.org", "one"),
            input("2", "TAKEN@example.org"),
            named("3", "three@example.org", "Taken"),
            input("4", "ONE@example.org"),
            named("5", "five@example.org", "ONE"),
            input("1", "again@example.org"),
            // Its address is free for the next: it was refused itself.
            named("6", "six@example.org", "taken"),
            input("7", "six@example.org"),
        ],
        vec![
            input("8", "One@example.org"),
            named("9", "nine@example.org", "One"),
            hashed("10", "ten@example.org", "no hash of any kind"),
            hashed("11", "eleven@example.org", "!x"),
        ],
    ]
}

#[test]
fn a_rehearsal_tells_what_the_run_does_and_a_second_run_does_nothing() {
    block_on(async {
        let embedded = Embedded::new("2030-01-01T00:00:00Z");
        let taken = Register::parse("taken@example.org", Some("taken"), PASSWORD).unwrap();
        embedded.identity.register(&anonymous(&*embedded.clock), taken).await.unwrap();
        let before = embedded.store.events().len();
        let run = async |rehearsed: bool| {
            let import = embedded.identity.import(source());
            let mut import = if rehearsed { import.rehearsed() } else { import };
            let mut outcomes = Vec::new();
            for batch in batches() {
                outcomes.extend(import.batch(&operator(&embedded), users(&batch)).await.unwrap());
            }
            outcomes
        };

        let rehearsal = shown(&run(true).await);
        assert_eq!(embedded.store.events().len(), before, "nothing is written");
        let (e, u) = ("email_taken", "username_taken");
        assert_eq!(rehearsal, ["+", e, u, e, u, "=", u, "+", e, u, "+", "+"]);

        assert_eq!(shown(&run(false).await), rehearsal);
        // Four accounts, and a letter to the one whose password could not be taken over.
        assert_eq!(embedded.store.events().len(), before + 5);
        assert_eq!(shown(&run(false).await), ["=", e, u, e, u, "=", e, "=", e, u, "=", "="]);
        assert_eq!(embedded.store.events().len(), before + 5);
    });
}

#[test]
fn an_account_is_taken_over_as_it_was() {
    block_on(async {
        let embedded = Embedded::new("2030-01-01T00:00:00Z");
        let ada = Register::parse("ada@example.org", None, PASSWORD).unwrap();
        let context = anonymous(&*embedded.clock);
        embedded.identity.register(&context, ada).await.unwrap();
        let hash = {
            use ashlar_identity::{Identifier, port::IdentityStore as _};
            let ada = Identifier::parse("ada@example.org").unwrap();
            embedded.store.credential(TenantId::MAIN, &ada).await.unwrap().unwrap().password
        };
        let moved = ImportInput {
            username: Some(" bob "),
            display_name: Some(" Bob "),
            password_hash: Some(hash.as_str()),
            created_at: Some("2019-03-01T07:30:15.123456Z".parse().unwrap()),
            last_login_at: Some("2999-01-01T00:00:00Z".parse().unwrap()),
            role: Role::Staff,
            ..input("7", " Bob@example.org ")
        };

        let outcomes = embedded.identity.import(source()).batch(&operator(&embedded), users(&[moved])).await.unwrap();

        assert_eq!(shown(&outcomes), ["+"]);
        let login = LogIn::parse("bob", PASSWORD).unwrap();
        let account = embedded.identity.log_in(&context, login).await.unwrap().signed_in().unwrap().account;
        assert_eq!((account.email.address(), account.role), ("Bob@example.org", Role::Staff));
        assert_eq!(account.display_name.unwrap().as_str(), "Bob");
        assert_eq!(account.created_at.to_rfc3339(), "2019-03-01T07:30:15.123+00:00");
    });
}

#[test]
fn what_cannot_be_an_account_is_refused_and_what_it_can_do_without_is_left_out() {
    let refused = |input| ImportUser::parse(input).err().unwrap();
    assert!(matches!(refused(input("", "a@example.org")), ImportRefusal::Id(_)));
    assert_eq!(refused(input("1", " ")), ImportRefusal::NoEmail);
    assert!(matches!(refused(input("1", "wrong@")), ImportRefusal::Email(_)));

    let embedded = Embedded::new("2030-01-01T00:00:00Z");
    let odd = ImportInput {
        username: Some("Gr\u{fc}\u{df}e!"),
        display_name: Some("a\u{202e}b"),
        password_hash: Some("5f4dcc3b5aa765d61d8327deb882cf99"),
        ..input("1", "a@example.org")
    };
    let outcomes = block_on(embedded.identity.import(source()).batch(&operator(&embedded), users(&[odd]))).unwrap();
    let ImportOutcome::Imported(imported) = &outcomes[0] else { panic!("{outcomes:?}") };
    let notes: Vec<_> = imported.notes.iter().map(|note| note.code()).collect();
    assert_eq!(notes, ["username_left_out", "display_name_left_out", "password_left_out"]);
    assert_eq!(imported.password.as_str(), "unusable");
}

#[test]
fn an_imported_administrator_is_the_first_one() {
    block_on(async {
        let embedded = Embedded::new("2030-01-01T00:00:00Z");
        let root = ImportInput { role: Role::Admin, ..input("1", "root@example.org") };
        embedded.identity.import(source()).batch(&operator(&embedded), users(&[root])).await.unwrap();

        let stranger = Register::parse("stranger@example.org", None, PASSWORD).unwrap();
        let stranger = embedded.identity.register(&anonymous(&*embedded.clock), stranger).await.unwrap();
        let ashlar_identity::Registered::Open(stranger) = stranger else { panic!("registration is instant") };
        assert_eq!(stranger.role, Role::Member);
    });
}

#[test]
fn nobody_but_the_operator_imports() {
    let embedded = Embedded::new("2030-01-01T00:00:00Z");
    let somebody = anonymous(&*embedded.clock);
    let batch = users(&[input("1", "a@example.org")]);
    let refused = block_on(embedded.identity.import(source()).batch(&somebody, batch));
    assert!(matches!(refused, Err(ImportUsersError::Access(_))));
}
