//! Imports and exports, on a store in process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Clock as _, Limit, TenantId};
use ashlar_leads::{
    ExportColumn, ExportFormat, ExportLeads, Exported, Lead, LeadFilter, ListLeads, Taken, TransferPorts, Transfers,
    import::{ImportJob, ImportOptionsInput, ImportState, NewImport},
    port::{FileBytes, TransferStore as _},
};
use ashlar_memory::EmbeddedLeads;
use bytes::Bytes;
use futures::{StreamExt as _, executor::block_on, stream};

struct House {
    leads: EmbeddedLeads,
    transfers: Transfers,
}

fn house() -> House {
    let leads = EmbeddedLeads::new("2030-01-01T00:00:00Z");
    let ports = TransferPorts {
        store: Arc::clone(&leads.store) as Arc<_>,
        exports: Arc::clone(&leads.store) as Arc<_>,
        clock: Arc::clone(&leads.clock) as Arc<_>,
    };
    House { transfers: Transfers::new(leads.leads.clone(), ports), leads }
}

fn bytes(text: &[u8]) -> FileBytes {
    let parts: Vec<_> = text.chunks(1_000).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    stream::iter(parts).boxed()
}

fn new(text: &[u8], options: ImportOptionsInput) -> NewImport {
    let options = options.try_into().unwrap();
    NewImport { options, file: None, file_name: "leads.csv".to_owned(), bytes: text.len() as u64 }
}

fn to_the_end(taken: Taken) -> ImportJob {
    match taken {
        Taken::Nothing => panic!("nothing was taken"),
        Taken::Over(job) => *job,
        Taken::Run(mut run) => {
            while block_on(run.step()).unwrap() {}
            run.job().clone()
        }
    }
}

impl House {
    fn import(&self, text: impl AsRef<[u8]>, options: ImportOptionsInput) -> ImportJob {
        let text = text.as_ref();
        to_the_end(block_on(self.transfers.import_here(TenantId::MAIN, new(text, options), bytes(text))).unwrap())
    }

    fn names(&self) -> Vec<String> {
        let listed = block_on(self.leads.leads.list(&self.leads.boss(), ListLeads::default())).unwrap();
        let mut names: Vec<_> =
            listed.page.data.iter().map(|lead| lead.details().full_name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    fn lead(&self, name: &str) -> Lead {
        let listed = block_on(self.leads.leads.list(&self.leads.boss(), ListLeads::default())).unwrap();
        listed.page.data.into_iter().find(|lead| lead.details().full_name.as_str() == name).unwrap()
    }

    fn faults(&self, job: &ImportJob) -> Vec<(u64, String, String)> {
        let found = block_on(self.leads.store.import_faults((TenantId::MAIN, job.id()), 0, 10_000)).unwrap();
        found.into_iter().map(|fault| (fault.row, fault.field, fault.code)).collect()
    }

    fn export(&self, format: ExportFormat, columns: &[ExportColumn]) -> String {
        let command = ExportLeads { filter: LeadFilter::default(), columns: columns.to_vec(), format };
        let exported = block_on(self.transfers.export(&self.leads.boss(), command)).unwrap();
        let Exported::Now(mut export) = exported else { panic!("there are few leads") };
        let mut file = Vec::new();
        while let Some(part) = block_on(export.next()).unwrap() {
            file.extend(part);
        }
        String::from_utf8(file).unwrap()
    }
}

fn counts(job: &ImportJob) -> [u64; 6] {
    let counts = job.counts();
    let parts = [counts.created, counts.updated, counts.skipped, counts.duplicates, counts.failed];
    assert_eq!(parts.iter().sum::<u64>(), counts.rows_read);
    [counts.rows_read, parts[0], parts[1], parts[2], parts[3], parts[4]]
}

fn mode(mode: &str) -> ImportOptionsInput {
    ImportOptionsInput { mode: Some(mode.to_owned()), ..ImportOptionsInput::default() }
}

#[test]
fn rows_become_leads_and_what_is_wrong_is_told() {
    let house = house();
    let text = "Name;E-Mail;Phone\r\nAda;ada@example.org;\r\n\r\nBob;BOB@example.org;+49 30 123456\r\n\
                Ada again;ADA@example.org;\r\n1;x;\r\nragged\r\n\"Eve\nLine\";;+4930123457\r\n";
    let job = house.import(text, ImportOptionsInput::default());
    assert_eq!(job.state(), ImportState::CompletedWithErrors);
    assert_eq!(counts(&job), [6, 3, 0, 0, 1, 2]);
    assert_eq!(house.names(), ["Ada", "Bob", "Eve Line"]);
    let expected = [(5, "email", "invalid_format"), (5, "full_name", "too_short"), (6, "", "ragged_row")];
    assert_eq!(house.faults(&job), expected.map(|(row, field, code)| (row, field.to_owned(), code.to_owned())));
    let mut file = block_on(house.transfers.fault_file(&house.leads.boss(), job.id())).unwrap();
    let text = String::from_utf8(block_on(file.next()).unwrap().unwrap()).unwrap();
    assert!(text.starts_with("row_number,field,code,message,Name,E-Mail,Phone\r\n5,email,invalid_format,"), "{text}");
    assert!(text.ends_with(",ragged\r\n"), "{text}");
    assert!(block_on(file.next()).unwrap().is_none());
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let house = house();
    let text = "name,email\nAda,ada@example.org\nBob,bob@example.org\n";
    assert_eq!(counts(&house.import(text, ImportOptionsInput::default())), [2, 2, 0, 0, 0, 0]);
    assert_eq!(counts(&house.import(text, ImportOptionsInput::default())), [2, 0, 0, 2, 0, 0]);
    assert_eq!(counts(&house.import(text, mode("upsert"))), [2, 0, 0, 2, 0, 0]);
}

#[test]
fn the_last_of_the_same_counts_where_leads_are_brought_up_to_date() {
    let house = house();
    house.import("name,email,company\nAda,ada@example.org,Old\n", ImportOptionsInput::default());
    let text = "name,email,company\nAda Two,ada@example.org,\nAda Three,ada@example.org,New\nBob,bob@example.org,\n";
    assert_eq!(counts(&house.import(text, mode("upsert"))), [3, 1, 1, 0, 1, 0]);
    let csv = house.export(ExportFormat::Csv, &[ExportColumn::FullName, ExportColumn::CompanyName]);
    assert_eq!(csv, "full_name,company_name\r\nAda Three,New\r\nBob,\r\n");
}

#[test]
fn blanks_are_filled_and_nothing_else_if_so_wished() {
    let house = house();
    house.import("name,email\nAda,ada@example.org\n", ImportOptionsInput::default());
    let options = ImportOptionsInput { on_conflict: Some("fill_blank".to_owned()), ..mode("update") };
    let text = "name,email,company\nOther,ada@example.org,Analytical\nNobody,nobody@example.org,\n";
    assert_eq!(counts(&house.import(text, options)), [2, 0, 1, 1, 0, 0]);
    let csv = house.export(ExportFormat::Csv, &[ExportColumn::FullName, ExportColumn::CompanyName]);
    assert_eq!(csv, "full_name,company_name\r\nAda,Analytical\r\n");
}

#[test]
fn an_address_that_another_has_is_not_taken() {
    let house = house();
    house
        .import("name,email,phone\nAda,ada@example.org,+4930123456\nBob,bob@example.org,+4930123457\n", mode("create"));
    let options = ImportOptionsInput { key: Some("phone".to_owned()), ..mode("upsert") };
    let text = "name,email,phone\nBob,ada@example.org,+4930123457\nEve,ada@example.org,+4930123458\n";
    let job = house.import(text, options);
    assert_eq!(counts(&job), [2, 0, 0, 0, 0, 2]);
    assert!(house.faults(&job).iter().all(|(_, field, code)| field == "email" && code == "duplicate_lead"));
}

#[test]
fn a_rehearsal_writes_nothing_and_counts_the_same() {
    let house = house();
    let text = "name,email\nAda,ada@example.org\nAda,ada@example.org\n1,x\n";
    let options = ImportOptionsInput { dry_run: true, ..ImportOptionsInput::default() };
    let job = house.import(text, options);
    assert_eq!(counts(&job), [3, 1, 0, 0, 1, 1]);
    assert!(house.names().is_empty());
    assert_eq!(house.faults(&job).len(), 2);
}

#[test]
fn a_file_whose_columns_are_others_is_given_up_early() {
    let house = house();
    assert_eq!(house.import("a,b\n1,2\n", mode("create")).error(), Some("bad_mapping"));
    let text = format!("name,email\n{}", "Ada,not an address\n".repeat(3_000));
    let job = house.import(text, mode("create"));
    assert_eq!((job.state(), job.error()), (ImportState::Failed, Some("bad_mapping")));
    assert_eq!(counts(&job), [1_000, 0, 0, 0, 0, 1_000]);
    assert!(house.names().is_empty());
    let damaged = house.import([0x1f, 0x8b, 1, 2, 3], mode("create"));
    assert_eq!(damaged.error(), Some("damaged_file"));
}

/// Whoever comes after a process that broke off repeats nothing and loses nothing.
#[test]
fn an_import_goes_on_where_it_broke_off() {
    let house = house();
    let row = |number: usize| format!("Lead {number},l{}@example.org\n", number % 2_500);
    let text = format!("name,email\n{}x,y\n", (0..6_500).map(row).collect::<String>());
    let file = block_on(async {
        let mut file = house.transfers.begin_upload(&house.leads.boss()).await.unwrap();
        file.write(Bytes::from(text.clone())).await.unwrap();
        file.keep().await.unwrap()
    });
    let new = NewImport { file: Some(file.key.to_string()), ..new(text.as_bytes(), mode("create")) };
    let asked = block_on(house.transfers.request(&house.leads.boss(), new, None)).unwrap();

    let holder = uuid::Uuid::from_u128(1);
    for steps in [0, 1, 2] {
        let Taken::Run(mut run) = block_on(house.transfers.take(holder)).unwrap() else { panic!("it is taken on") };
        for _ in 0..steps {
            assert!(block_on(run.step()).unwrap());
        }
        assert!(matches!(block_on(house.transfers.take(holder)).unwrap(), Taken::Nothing), "it is somebody's");
        drop(run);
        house.leads.clock.advance(chrono::TimeDelta::seconds(20));
    }
    let job = to_the_end(block_on(house.transfers.take(holder)).unwrap());
    assert_eq!((job.id(), job.state()), (asked.id(), ImportState::CompletedWithErrors));
    assert_eq!(counts(&job), [6_501, 2_500, 0, 0, 4_000, 1]);
    assert_eq!(
        house.faults(&job),
        [
            (6_502, "email".to_owned(), "invalid_format".to_owned()),
            (6_502, "full_name".to_owned(), "too_short".to_owned())
        ]
    );
    assert!(house.leads.files.names().is_empty(), "nobody needs the file any more");
}

#[test]
fn an_import_that_was_called_off_keeps_what_it_has() {
    let house = house();
    let row = |number: usize| format!("Lead {number},l{number}@example.org\n");
    let text = format!("name,email\n{}", (0..3_000).map(row).collect::<String>());
    let started =
        house.transfers.import_here(TenantId::MAIN, new(text.as_bytes(), mode("create")), bytes(text.as_bytes()));
    let Taken::Run(mut run) = block_on(started).unwrap() else { panic!("it is taken on") };
    assert!(block_on(run.step()).unwrap());
    let boss = house.leads.boss();
    let cancelled = block_on(house.transfers.cancel(&boss, run.job().id())).unwrap();
    assert!(!block_on(run.step()).unwrap());
    assert_eq!((run.job().state(), counts(run.job())), (ImportState::Cancelled, [1_000, 1_000, 0, 0, 0, 0]));
    assert!(block_on(house.transfers.cancel(&boss, cancelled.id())).is_err(), "it is over");
}

#[test]
fn what_is_exported_comes_back_as_it_was() {
    let house = house();
    let text = "name,email,company,phone,notes,tags,custom,status\n\
                Ada,ada@example.org,=cmd|' /C calc'!A0,+919000000001,\"-2+3\nline\",a b,\"{\"\"k\"\":\"\"=1\"\"}\",contacted\n\
                Bob,bob@example.org,'@SUM(1),+91 90000 00002,\u{ff1d}1,,,\n";
    house.import(text.replace("'@", "''@"), mode("create"));
    let columns = ["full_name", "email", "company_name", "phone_number", "notes", "tags", "custom", "status"];
    let columns = columns.map(|name| name.parse().unwrap());
    let csv = house.export(ExportFormat::Csv, &columns);
    for guarded in ["'=cmd|' /C calc'!A0", "''@SUM(1)", ",+919000000001,", "'+91 90000 00002", "'-2+3", "'\u{ff1d}1"] {
        assert!(csv.contains(guarded), "{guarded}: {csv}");
    }
    let other = self::house();
    assert_eq!(counts(&other.import(&csv, mode("create"))), [2, 2, 0, 0, 0, 0]);
    let lines = |house: &House| house.export(ExportFormat::Jsonl, &columns);
    assert_eq!(lines(&house), lines(&other));
    assert_eq!(lines(&house).lines().count(), 2);
}

#[test]
fn people_who_sell_neither_import_nor_export() {
    let house = house();
    let seller = house.leads.seller(1);
    assert!(block_on(house.transfers.begin_upload(&seller)).is_err());
    assert!(block_on(house.transfers.request(&seller, new(b"", mode("create")), None)).is_err());
    let command = ExportLeads { filter: LeadFilter::default(), columns: Vec::new(), format: ExportFormat::Csv };
    assert!(block_on(house.transfers.export(&seller, command)).is_err());
    let stored = block_on(house.leads.store.imports(TenantId::MAIN, None, 9)).unwrap();
    assert!(stored.is_empty());
}

#[test]
fn a_file_says_where_leads_begin_what_they_agreed_to_and_what_else_is_kept() {
    let house = house();
    let head = "name,email,status,custom,consent_marketing,consent_text_version,consent_at";
    let text = format!(
        "{head}\n\
         Ada,a@example.org,Qualified,\"{{\"\"size\"\":7}}\",yes,2026-01,2029-12-31T10:00:00Z\n\
         Bob,b@example.org,,,,,\n\
         Cyd,c@example.org,won,,,,\n\
         Dan,d@example.org,hot,[1],perhaps,,2031-01-01T00:00:00Z\n\
         Eve,e@example.org,,,yes,2026-01,-9999-12-31T10:00:00Z\n"
    );

    let job = house.import(&text, mode("create"));

    assert_eq!(counts(&job), [5, 2, 0, 0, 0, 3]);
    let faults = house.faults(&job).into_iter().map(|(row, field, code)| format!("{row} {field} {code}"));
    let expected = [
        "4 status illegal_transition",
        "5 custom invalid_format",
        "5 consent_marketing unknown_value",
        "5 consent_text_version required",
        "5 consent_at out_of_range",
        "5 status unknown_value",
        "6 consent_at invalid_format",
    ];
    assert_eq!(faults.collect::<Vec<_>>(), expected);
    let lead = house.lead("Ada");
    let consent = lead.details().consent.clone().unwrap();
    assert_eq!(
        (lead.status().as_str(), lead.details().custom.to_json()),
        ("qualified", serde_json::json!({ "size": 7 }))
    );
    assert_eq!((consent.marketing, &*consent.text_version, consent.ip), (true, "2026-01", None));
    assert_eq!(consent.at, "2029-12-31T10:00:00Z".parse::<ashlar_kernel::Timestamp>().unwrap());
    let history =
        block_on(house.leads.leads.history(&house.leads.boss(), lead.id(), (Limit::default(), None))).unwrap();
    assert_eq!(history.data.first().unwrap().to.as_str(), "qualified", "where it stands is where its history says");
}

#[test]
fn a_consent_of_a_file_replaces_none_that_is_later() {
    let house = house();
    let head = "name,email,status,consent_marketing,consent_text_version,consent_at";
    let row = |yes: &str, day: u8| format!("{head}\nAda,a@example.org,won,{yes},1,2029-12-{day}T00:00:00Z\n");
    house.import(row("no", 20).replace("won", "new"), mode("create"));

    for (yes, day, counted, marketing) in [
        ("yes", 19, [1, 0, 0, 1, 0, 0], false),
        ("yes", 20, [1, 0, 0, 1, 0, 0], false),
        ("yes", 21, [1, 0, 1, 0, 0, 0], true),
    ] {
        assert_eq!(counts(&house.import(row(yes, day), mode("upsert"))), counted, "{day}");
        assert_eq!(house.lead("Ada").details().consent.as_ref().unwrap().marketing, marketing, "{day}");
    }
    assert_eq!(house.lead("Ada").status().as_str(), "new", "a file moves no lead");
}

#[test]
fn an_import_whose_process_died_with_the_file_is_over() {
    let house = house();
    let row = |number: usize| format!("Lead {number},l{number}@example.org\n");
    let text = format!("name,email\n{}", (0..2_500).map(row).collect::<String>());
    let here = || {
        let new = new(text.as_bytes(), mode("create"));
        block_on(house.transfers.import_here(TenantId::MAIN, new, bytes(text.as_bytes()))).unwrap()
    };
    let killed = |how_many: usize| {
        let Taken::Run(mut run) = here() else { panic!("it is taken on") };
        for _ in 0..how_many {
            assert!(block_on(run.step()).unwrap());
        }
        run.job().id()
    };
    let state = |id| {
        let job = block_on(house.leads.store.import(TenantId::MAIN, id)).unwrap().unwrap();
        (job.state(), job.error().map(str::to_owned))
    };
    let interrupted = (ImportState::Failed, Some("interrupted".to_owned()));
    let first = killed(1);
    assert!(matches!(here(), Taken::Nothing), "it may still be alive");

    house.leads.clock.advance(chrono::TimeDelta::seconds(20));
    let second = killed(1);

    assert_eq!(state(first), interrupted);
    house.leads.clock.advance(chrono::TimeDelta::seconds(20));
    let Taken::Over(job) = block_on(house.transfers.take(uuid::Uuid::from_u128(1))).unwrap() else {
        panic!("a worker ends it")
    };
    assert_eq!((job.id(), state(second)), (second, interrupted));
    let Taken::Run(mut run) = here() else { panic!("it is taken on") };
    assert!(block_on(run.step()).unwrap());
    let called_off = block_on(run.call_off()).unwrap();
    assert_eq!((called_off.state(), counts(&called_off)), (ImportState::Cancelled, [1_000, 0, 0, 1_000, 0, 0]));
    assert_eq!(counts(&to_the_end(here())), [2_500, 1_500, 0, 1_000, 0, 0]);
}

fn zipped(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, text).unwrap();
    gzip.finish().unwrap()
}

/// Carries a future out; its answer, and how often it has let others go on.
fn breaths<T>(future: impl Future<Output = T>) -> (T, usize) {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for breaths in 0..1_000_000 {
        if let std::task::Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return (answer, breaths);
        }
    }
    panic!("it does not end")
}

impl House {
    /// An import by this process of a file that comes in one piece.
    fn here(&self, file: &[u8]) -> (Taken, usize) {
        let whole = stream::iter([Ok(Bytes::copy_from_slice(file))]).boxed();
        let (taken, breaths) =
            breaths(self.transfers.import_here(TenantId::MAIN, new(file, ImportOptionsInput::default()), whole));
        (taken.unwrap(), breaths)
    }
}

/// A small file with very much in it: others go on all the time.
#[test]
fn nobody_waits_long_for_a_file_of_empty_lines() {
    let house = house();
    let text = format!("name,email\n{}Ada,ada@example.org", "\n".repeat(15 << 20));
    let (taken, at_first) = house.here(&zipped(text.as_bytes()));
    let Taken::Run(mut run) = taken else { panic!("it is taken on") };
    let (mut steps, mut all) = (0, at_first);
    loop {
        let (goes_on, breaths) = breaths(run.step());
        (steps, all) = (steps + 1, all + breaths);
        assert!(breaths < 200, "one step reads 4 MiB at most: {breaths}");
        if !goes_on.unwrap() {
            break;
        }
    }
    assert!(steps >= 4, "{steps}");
    assert!(all >= (15 << 20) / (96 * 1024), "{all}");
    assert_eq!(counts(run.job()), [1, 1, 0, 0, 0, 0]);
}

#[test]
fn a_file_that_unpacks_to_far_more_than_itself_is_given_up() {
    let house = house();
    let bomb = zipped(format!("name,email\n{}", "\n".repeat(64 << 20)).as_bytes());
    let job = to_the_end(house.here(&bomb).0);
    assert_eq!((job.state(), job.error()), (ImportState::Failed, Some("unpacks_too_large")));
    assert!(house.leads.files.names().is_empty());
}

#[test]
fn an_import_that_only_reads_learns_that_it_was_called_off() {
    let house = house();
    let text = format!("name,email\n{}", "\n".repeat(15 << 20));
    let Taken::Run(mut run) = house.here(&zipped(text.as_bytes())).0 else { panic!("it is taken on") };
    let boss = house.leads.boss();
    block_on(house.transfers.cancel(&boss, run.job().id())).unwrap();
    house.leads.clock.advance(chrono::TimeDelta::seconds(1));
    assert!(!block_on(run.step()).unwrap(), "what is left is not read");
    assert_eq!(run.job().state(), ImportState::Cancelled);

    // So does one that reads what was taken in before it broke off, and one that has been long at it is still there.
    let Taken::Run(mut run) = house.here(&zipped(text.as_bytes())).0 else { panic!("it is taken on") };
    house.leads.clock.advance(chrono::TimeDelta::seconds(14));
    assert!(block_on(run.step()).unwrap());
    house.leads.clock.advance(chrono::TimeDelta::seconds(14));
    let job = block_on(house.leads.store.import(TenantId::MAIN, run.job().id())).unwrap().unwrap();
    assert!(!job.is_free(house.leads.clock.now()), "it is somebody's");
}

#[test]
fn what_is_exported_finds_its_leads_again_also_those_that_are_spam() {
    let house = house();
    house.import("name,email\nAda,ada@example.org\nBob,bob@example.org\n", mode("create"));
    let boss = house.leads.boss();
    let spam = ashlar_leads::MoveLeadInput { to: "spam", ..ashlar_leads::MoveLeadInput::default() };
    let lead = house.lead("Ada").id();
    block_on(house.leads.leads.move_to(&boss, lead, ashlar_leads::MoveLead::try_from(spam).unwrap())).unwrap();
    let columns = [ExportColumn::Id, ExportColumn::FullName, ExportColumn::Email];
    let csv = house.export(ExportFormat::Csv, &columns);
    assert_eq!(csv.lines().count(), 3, "{csv}");

    let again = house.import(csv.replace("Ada", "Ada Two"), mode("upsert"));

    assert_eq!(counts(&again), [2, 0, 1, 1, 0, 0]);
    assert_eq!(house.export(ExportFormat::Csv, &columns), csv.replace("Ada", "Ada Two"));
    assert_eq!(counts(&house.import(&csv, mode("create"))), [2, 0, 0, 2, 0, 0]);
    assert_eq!(counts(&house.import(&csv, mode("update"))), [2, 0, 1, 1, 0, 0]);
}
