//! Demonstration data: a few people and where they are signed in, the leads they work with, and a mailing list.

mod leads;

use std::{fs, io::Write as _, path::PathBuf};

use ashlar_identity::{
    Account, Device, DeviceName, Identity, LogIn, Platform, Register, Role, SignedIn,
    use_case::{RegisterInput, Registered},
};
use ashlar_kernel::{Actor, Context, Entropy, FieldErrors, PermissionSet, Principal, RequestId, Secret, TenantId};

use crate::{
    compose::{Parts, StartError},
    config::Config,
};

/// What the newcomer has to know about the demonstration data.
pub struct Demo {
    /// The administrator's address.
    pub admin: &'static str,
    /// The password of every demonstration account.
    pub password: Secret,
    /// The file that keeps it.
    pub file: PathBuf,
}

struct Person {
    email: &'static str,
    username: &'static str,
    name: &'static str,
    role: Role,
    signed_in_from: &'static [(&'static str, Platform, &'static str)],
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.5 Mobile/15E148 Safari/604.1";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/138.0.0.0 Safari/537.36";

/// The administrator comes first: the first account becomes it. Nobody here is called as in the examples of the API
/// description, which people try as they are.
const PEOPLE: [Person; 4] = [
    Person {
        email: "admin@demo.example",
        username: "admin",
        name: "Demo Admin",
        role: Role::Admin,
        signed_in_from: &[("Office", Platform::Web, FIREFOX), ("Phone", Platform::Ios, SAFARI)],
    },
    Person {
        email: "emmy@demo.example",
        username: "emmy",
        name: "Emmy Noether",
        role: Role::Staff,
        signed_in_from: &[("Laptop", Platform::Web, CHROME)],
    },
    Person {
        email: "grace@demo.example",
        username: "grace",
        name: "Grace Hopper",
        role: Role::Member,
        signed_in_from: &[("Tablet", Platform::Ios, SAFARI)],
    },
    Person {
        email: "linus@demo.example",
        username: "linus",
        name: "Linus Pauling",
        role: Role::Sales,
        signed_in_from: &[],
    },
];

/// Loads the demonstration data through the same use cases as everybody's; none if anybody has an account already.
pub(crate) async fn load(identity: &Identity, parts: &Parts, config: &Config) -> Result<Option<Demo>, StartError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StartError::Demo(error);
    if identity.has_accounts().await.map_err(|error| failed(error.into()))? {
        return Ok(None);
    }
    let password = password(&*parts.entropy);
    let file = config.data_dir.join("demo-password.txt");
    // Kept before it is used: an interrupted start must not leave accounts that nobody can open.
    keep(&file, &password).map_err(|error| failed(error.into()))?;
    populate(identity, parts, (config, &password)).await.map_err(failed)?;
    Ok(Some(Demo { admin: PEOPLE[0].email, password: Secret::from(password), file }))
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A context of the product itself.
fn nobody(parts: &Parts) -> Context {
    Context::system("demo", TenantId::MAIN, RequestId::new(&*parts.ids), parts.clock.now())
}

async fn populate(identity: &Identity, parts: &Parts, (config, password): (&Config, &str)) -> Result<(), Failure> {
    let (mut admin, mut seller) = (None, None);
    for person in &PEOPLE {
        let (account, signed_in) = introduce(identity, parts, person, password).await?;
        match (&admin, person.role) {
            (None, _) => admin = signed_in.map(|signed_in| acting(parts, &signed_in)),
            (Some(_), Role::Member) => {}
            (Some(admin), role) => drop(identity.set_role(admin, account.id, role).await?),
        }
        if person.role == Role::Sales {
            seller = Some(account.id.as_uuid());
        }
    }
    parts.newsletter(config).default_list(&nobody(parts)).await?;
    if let (Some(admin), Some(seller)) = (admin, seller) {
        leads::load(&parts.leads(config, identity), &admin, seller).await?;
    }
    Ok(())
}

/// A context of somebody who has just signed in.
fn acting(parts: &Parts, signed_in: &SignedIn) -> Context {
    let principal = Principal {
        user: signed_in.account.id.as_uuid(),
        session: signed_in.session.as_uuid(),
        authenticated_at: parts.clock.now(),
        permissions: signed_in.account.role.permissions(),
        withheld: PermissionSet::default(),
    };
    Context { actor: Actor::User(principal), ..nobody(parts) }
}

/// Opens an account, and signs its owner in from where they are; the last sign-in, if there is one.
async fn introduce(
    identity: &Identity,
    parts: &Parts,
    person: &Person,
    password: &str,
) -> Result<(Account, Option<SignedIn>), Failure> {
    let context = nobody(parts);
    let registration = RegisterInput {
        email: person.email,
        username: Some(person.username),
        password: Secret::from(password),
        display_name: Some(person.name),
    };
    let Registered::Open(account) = identity.register(&context, Register::try_from(registration)?).await? else {
        return Err("accounts are not opened at once".into());
    };
    let mut last = None;
    for (name, platform, user_agent) in person.signed_in_from {
        let device = Device { client_id: None, name: Some(DeviceName::parse(name)?), platform: *platform };
        let context = Context { user_agent: Some((*user_agent).into()), ..context.clone() };
        let login = LogIn::from_secret(person.email, Secret::from(password), &mut FieldErrors::default())?;
        last = identity.log_in(&context, login.on(Some(device))).await?.signed_in();
    }
    Ok((*account, last))
}

/// Four groups of five letters and digits that cannot be mistaken for one another: 100 bits.
fn password(entropy: &dyn Entropy) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let random: [u8; 20] = entropy.bytes();
    let letters: Vec<char> = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Writes a file that only its owner reads.
fn keep(file: &std::path::Path, password: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{password}")?;
    file.sync_all()
}
