//! Those who administer a tenant, and those who operate the installation.

use ashlar_identity::{UserId, port::IdentityStore};
use serde_json::{Value, json};

use crate::{Answer, PASSWORD, SignedIn, TENANT, TestApp};

impl TestApp {
    /// Opens the first account, which administers the tenant `main`, and signs in.
    pub async fn boss(&self) -> SignedIn {
        self.sign_up("boss").await
    }

    /// Gives somebody a role in the tenant of the administrator with the token `access`.
    pub async fn set_role(&self, access: &str, user: &str, role: &str) -> Answer {
        let path = format!("/api/v1/admin/users/{user}/role");
        self.client.named("PUT", &path).bearer(access).json(&json!({ "role": role })).send().await
    }

    /// Opens the account `name`, has it given `role`, and signs in.
    pub async fn colleague(&self, boss: &SignedIn, name: &str, role: &str) -> SignedIn {
        let person = self.sign_up(name).await;
        self.set_role(&boss.access, &person.user, role).await.expect(200);
        person
    }

    /// Does one thing to a person, as in `suspend`.
    pub async fn administer(&self, access: &str, user: &str, what: &str) -> Answer {
        self.client.post(&format!("/api/v1/admin/users/{user}/{what}")).bearer(access).send().await
    }

    /// Opens the account `name` and makes it an operator, as the command line would.
    pub async fn operator(&self, name: &str) -> SignedIn {
        let answer = self.register(name).await.expect(201);
        let user: UserId = answer.json()["user"]["id"].as_str().expect("an id").parse().expect("an id");
        let context = self.system();
        let mut tx = self.store.begin(&context).await.unwrap();
        let user = tx.user(user).await.unwrap().expect("the account");
        tx.update_user(user.make_operator(context.now).expect("no operator yet")).await.unwrap();
        tx.commit().await.unwrap();
        self.log_in(name).await
    }

    /// Has an operator open a tenant, administered by the account `admin`; its id.
    pub async fn open_tenant(&self, operator: &SignedIn, slug: &str, admin: &str) -> String {
        let form = json!({ "slug": slug, "name": slug, "admin_email": format!("{admin}@example.org") });
        let call = self.client.post("/api/v1/admin/tenants").bearer(&operator.access).json(&form);
        call.send().await.expect(201).json()["id"].as_str().expect("an id").to_owned()
    }

    /// Signs in to a tenant.
    pub async fn try_log_in_to(&self, tenant: &str, identifier: &str) -> Answer {
        let form = json!({ "identifier": identifier, "password": PASSWORD, "tenant": tenant });
        self.client.post("/api/v1/auth/login").json(&form).send().await
    }

    /// Signs in to a tenant.
    pub async fn log_in_to(&self, tenant: &str, identifier: &str) -> SignedIn {
        SignedIn::from(&self.try_log_in_to(tenant, identifier).await)
    }

    /// Opens the account `name` in a tenant and signs in.
    pub async fn sign_up_to(&self, tenant: &str, name: &str) -> SignedIn {
        let form = json!({ "email": format!("{name}@example.org"), "username": name, "password": PASSWORD });
        self.client.post("/api/v1/auth/register").header(TENANT, tenant).json(&form).send().await.expect(201);
        self.log_in_to(tenant, name).await
    }

    /// Goes on in another tenant.
    pub async fn switch(&self, access: &str, tenant: &str) -> Answer {
        let form = json!({ "tenant_id": tenant });
        self.client.post("/api/v1/auth/switch-tenant").bearer(access).json(&form).send().await
    }

    /// The list of people, as one of them sees it.
    pub async fn users(&self, access: &str, query: &str) -> Answer {
        self.client.get(&format!("/api/v1/admin/users{query}")).bearer(access).send().await
    }

    /// How many events have this name, of this domain.
    pub async fn count_events(&self, name: &str) -> usize {
        self.events().await.iter().filter(|event| event.name == format!("identity.{name}")).count()
    }
}

/// The usernames of a page of people, in order.
pub fn usernames(page: &Value) -> Vec<String> {
    let people = page["data"].as_array().expect("a list");
    people.iter().map(|person| person["username"].as_str().expect("a handle").to_owned()).collect()
}
