//! A pipeline of a month: people who asked, how far they have come, a client, and messages.

use std::error::Error;

use ashlar_kernel::{Actor, Context, Timestamp};
use ashlar_leads::{
    AddActivity, AddActivityInput, Batch, BatchItem, ClientForm, ContactForm, ContractForm, ConvertLead, CreateLeads,
    LeadForm, LeadId, Leads, MoveLead, MoveLeadInput, OnDuplicate, SendContact, use_case::ValueForm,
};
use chrono::TimeDelta;
use uuid::Uuid;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

const LEADS: usize = 50;
/// Leads that come on one day.
const A_DAY: usize = 5;
/// Days between two on which leads come.
const PAUSE: i64 = 3;

const FIRST_NAMES: [&str; 10] =
    ["Amina", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Giulia", "Hiroshi", "Ines", "Jonas"];
const LAST_NAMES: [&str; 7] = ["Adeyemi", "Bergström", "Castellanos", "Dubois", "Eriksen", "Farkas", "González"];
const COMPANIES: [(&str, &str); 5] = [
    ("Northwind Bakery", "northwind"),
    ("Kestrel Robotics", "kestrel"),
    ("Blue Harbour Travel", "blueharbour"),
    ("Fern & Field", "fernfield"),
    ("Atlas Cartography", "atlas"),
];
const SOURCES: [&str; 4] = ["website", "referral", "event", "social"];
const CATEGORIES: [&str; 5] = ["web_dev", "design", "mobile_dev", "consulting", "course"];
const TAGS: [&str; 3] = ["fair-2026", "returning", "urgent"];

/// How far each of ten leads has come: the moves after it was new.
const WAYS: [&[&str]; 10] = [
    &[],
    &["contacted"],
    &["contacted", "qualified"],
    &["contacted", "qualified", "proposal"],
    &[],
    &["contacted", "lost"],
    &["contacted", "qualified", "proposal", "won"],
    &["spam"],
    &["contacted"],
    &["contacted", "qualified"],
];

/// Enters them as `admin`, half of them for `seller`, and as if they had come over the last month.
pub(super) async fn load(leads: &Leads, admin: &Context, seller: Uuid) -> Outcome {
    let days = i64::try_from(LEADS / A_DAY)?;
    for day in 0..days {
        let came = admin.now - TimeDelta::days((days - day) * PAUSE - 1);
        let first = usize::try_from(day)? * A_DAY;
        let items = (first..first + A_DAY).map(|number| lead(number, seller)).collect();
        let command = CreateLeads { items, on_duplicate: OnDuplicate::Refuse, is_atomic: true, once: None };
        let Batch(entered) = leads.create_many(&at(admin, came), command).await?;
        for (number, item) in (first..).zip(entered) {
            match item {
                BatchItem::Created(id) => go(leads, (admin, came), number, id).await?,
                BatchItem::Refused(error) => return Err(error.into()),
                BatchItem::Existing(_) | BatchItem::LeftOut => {}
            }
        }
    }
    write_in(leads, admin).await
}

fn lead(number: usize, seller: Uuid) -> LeadForm {
    let pick = |from: &[&'static str], step: usize| from.get(number / step % from.len()).copied().unwrap_or_default();
    let (given, family) = (pick(&FIRST_NAMES, 1), pick(&LAST_NAMES, 1));
    let (company, domain) = COMPANIES.get(number / A_DAY % COMPANIES.len()).copied().unwrap_or_default();
    let mailbox = format!("{}{number}", given.to_lowercase());
    LeadForm {
        full_name: format!("{given} {family}"),
        company_name: Some(company.to_owned()),
        email: Some(format!("{mailbox}@{domain}.example")),
        phone_number: number.is_multiple_of(3).then(|| format!("+44 20 7946 0{number:03}")),
        source: Some(pick(&SOURCES, 1).to_owned()),
        category: Some(pick(&CATEGORIES, 2).to_owned()),
        owner_id: number.is_multiple_of(2).then(|| seller.to_string()),
        tags: if number.is_multiple_of(4) { vec![pick(&TAGS, 4).to_owned()] } else { Vec::new() },
        ..LeadForm::default()
    }
}

fn at(admin: &Context, now: Timestamp) -> Context {
    Context { now: now.min(admin.now), ..admin.clone() }
}

/// Goes the way of a lead, a move a day, and converts the last one that was won.
async fn go(leads: &Leads, (admin, came): (&Context, Timestamp), number: usize, id: LeadId) -> Outcome {
    let way = WAYS.get(number % WAYS.len()).copied().unwrap_or_default();
    let mut when = at(admin, came);
    for to in way {
        when = at(admin, when.now + TimeDelta::hours(26));
        let lost_reason = (*to == "lost").then_some("budget");
        let input = MoveLeadInput { to, reason: None, lost_reason };
        leads.move_to(&when, id, MoveLead::try_from(input)?).await?;
    }
    if way.len() == 3 {
        let input = AddActivityInput { kind: "call", body: "Went through the offer together; they decide next week." };
        leads.add_activity(&when, id, AddActivity::try_from(input)?).await?;
    }
    if way.last() == Some(&"won") && number + WAYS.len() >= LEADS {
        convert(leads, &when, id).await?;
    }
    Ok(())
}

async fn convert(leads: &Leads, when: &Context, id: LeadId) -> Outcome {
    let contract = ContractForm {
        title: "Website and booking".to_owned(),
        value: ValueForm { amount: 1_250_000, currency: "EUR".to_owned() },
        ..ContractForm::default()
    };
    let command = ConvertLead { client: ClientForm::default(), contract: Some(contract), once: None };
    leads.convert(when, id, command).await?;
    Ok(())
}

/// Strangers write.
async fn write_in(leads: &Leads, admin: &Context) -> Outcome {
    const MESSAGES: [(&str, &str, &str); 3] = [
        ("Marta Kowalska", "A question about prices", "Do you have a price for schools? We are about twenty teachers."),
        ("Noah Weiss", "Working together", "We make furniture and would like to show it better. When can we talk?"),
        ("Olena Shevchenko", "An invoice twice", "It seems that we got the invoice of last month twice. Which counts?"),
    ];
    for (days, (name, subject, message)) in (1..).zip(MESSAGES) {
        let when = at(admin, admin.now - TimeDelta::days(days));
        let stranger = Context { actor: Actor::Anonymous, ..when };
        let mailbox = name.split(' ').next().unwrap_or_default().to_lowercase();
        let form = ContactForm {
            name: name.to_owned(),
            email: format!("{mailbox}@visitors.example"),
            phone: None,
            subject: subject.to_owned(),
            message: message.to_owned(),
        };
        let command = SendContact { form, honeypot: None, referrer: None, once: None };
        leads.receive_contact(&stranger, command).await?;
    }
    Ok(())
}
