//! Accounts and what guards them: signing in, sessions, second factors, API keys, tenants, signing keys.
//!
//! One program for all of them: each one on its own would link the whole server once more.

mod account_care;
mod api_keys;
mod devices;
mod first_administrator;
mod imported_users;
mod journeys_accounts;
mod journeys_admin;
mod journeys_emails;
mod journeys_passwords;
mod journeys_profile;
mod journeys_refresh;
mod journeys_sessions;
mod journeys_tenants;
mod lockout;
mod login_timing;
mod login_work;
mod races;
mod races_admin;
mod refresh_cookie;
mod required_second_factor;
mod revocation;
mod second_factor;
mod signing_keys;
