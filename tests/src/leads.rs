//! What those who work with leads do all the time.

use ashlar_leads::{Taken, use_case::TakenExport};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Setup, SignedIn, TestApp};

impl TestApp {
    /// Asks for a lead called Ada with these members, which may name her otherwise.
    pub async fn try_lead(&self, access: &str, members: &Value) -> Answer {
        self.client.post("/api/v1/leads").bearer(access).json(&form(members)).send().await
    }

    /// Enters a lead; its id.
    pub async fn lead(&self, access: &str, members: &Value) -> String {
        let answer = self.try_lead(access, members).await.expect(201);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Enters a client, a contract with it, and a file of the contract; their ids.
    pub async fn contract_with_file(&self, access: &str) -> [String; 3] {
        let id = |answer: Answer| answer.expect(201).json()["id"].as_str().expect("an id").to_owned();
        let client = json!({ "company_name": "Engines" });
        let client = id(self.client.post("/api/v1/clients").bearer(access).json(&client).send().await);
        let contract = json!({ "client_id": client, "title": "Web site", "value": { "amount": 1, "currency": "EUR" } });
        let contract = id(self.client.post("/api/v1/contracts").bearer(access).json(&contract).send().await);
        let body = file_form("a.pdf", b"%PDF-1.7");
        let call = self.client.post(&format!("/api/v1/contracts/{contract}/files")).bearer(access);
        let file = id(call.body(FILE_FORM, body).send().await);
        [client, contract, file]
    }

    /// Does something with a lead, as in `GET` `/history`.
    pub fn on_lead(&self, who: &SignedIn, method: &str, lead: &str, rest: &str) -> crate::Call {
        self.client.named(method, &format!("/api/v1/leads/{lead}{rest}")).bearer(&who.access)
    }

    /// The list of leads, as somebody sees it.
    pub async fn leads(&self, who: &SignedIn, query: &str) -> Answer {
        self.client.get(&format!("/api/v1/leads{query}")).bearer(&who.access).send().await
    }

    /// Writes a message from this address to the tenant of `boss`; its id.
    pub async fn message(&self, boss: &SignedIn, email: &str) -> String {
        let form = json!({ "name": "Ada", "email": email, "subject": "A quote", "message": "What would it cost?" });
        let tenant = self.client.get("/api/v1/me/memberships").bearer(&boss.access).send().await.expect(200).json();
        let call = self.client.post("/api/v1/contacts").json(&form);
        let here = tenant["data"].as_array().into_iter().flatten().find(|line| line["current"] == true);
        let slug = here.expect("a tenant")["tenant_slug"].as_str().expect("a name").to_owned();
        call.header(crate::TENANT, &slug).send().await.expect(202);
        let list = self.client.get("/api/v1/contacts?limit=1").bearer(&boss.access).send().await.expect(200).json();
        list["data"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// Moves a lead.
    pub async fn move_lead(&self, who: &SignedIn, lead: &str, to: &str) -> Answer {
        self.on_lead(who, "POST", lead, "/transition").json(&json!({ "to": to, "lost_reason": "other" })).send().await
    }

    /// Asks for a file to be imported.
    pub async fn try_import(&self, access: &str, options: &Value, file: &[u8]) -> Answer {
        let (media_type, body) = upload(options, file);
        self.client.post("/api/v1/leads/imports").bearer(access).body(media_type, body).send().await
    }

    /// The same; its id.
    pub async fn import(&self, access: &str, options: &Value, file: &[u8]) -> String {
        let answer = self.try_import(access, options, file).await.expect(202);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Does what a worker does about imports, until none waits.
    pub async fn carry_imports_out(&self) {
        loop {
            match self.transfers.take(Uuid::from_u128(1)).await.expect("the store works") {
                Taken::Nothing => return,
                Taken::Over(_) => {}
                Taken::Run(mut run) => while run.step().await.expect("the store works") {},
            }
        }
    }

    /// Asks for an export of everything that is large enough to be a job, see [`Setup::with_small_exports`]; its id.
    pub async fn export(&self, access: &str) -> String {
        let answer = self.client.get("/api/v1/leads/export").bearer(access).send().await.expect(202);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Does what a worker does about exports, until none waits.
    pub async fn carry_exports_out(&self) {
        loop {
            match self.transfers.take_export().await.expect("the store works") {
                TakenExport::Nothing => return,
                TakenExport::Over(_) => {}
                TakenExport::Run(mut run) => while run.step().await.expect("the store works") {},
            }
        }
    }
}

impl Setup {
    /// Exports of more leads than these are jobs.
    #[must_use]
    pub fn with_small_exports(self, leads: u64) -> Self {
        self.change(move |state| state.transfers = state.transfers.exporting_at_once(leads))
    }
}

/// An upload of a file with options: its media type and its body.
pub fn upload(options: &Value, file: &[u8]) -> (&'static str, Vec<u8>) {
    let part = |head: &str, body: &[u8]| {
        [b"--edge\r\ncontent-disposition: form-data; ", head.as_bytes(), b"\r\n\r\n", body, b"\r\n"].concat()
    };
    let options = part("name=\"options\"\r\ncontent-type: application/json", options.to_string().as_bytes());
    let file = part("name=\"file\"; filename=\"leads.csv\"\r\ncontent-type: text/csv", file);
    ("multipart/form-data; boundary=edge", [options, file, b"--edge--\r\n".to_vec()].concat())
}

/// The media type of [`file_form`].
pub const FILE_FORM: &str = "multipart/form-data; boundary=x";

/// A body with one part, `file`.
pub fn file_form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n--x--\r\n"].concat()
}

/// The form of a lead called Ada with these members.
pub fn form(members: &Value) -> Value {
    let mut form = json!({ "full_name": "Ada Lovelace" });
    form.as_object_mut().expect("an object").extend(members.as_object().cloned().unwrap_or_default());
    form
}
