use super::*;

const NOW: u64 = 1_700_000_000;

fn user(grants: &mut Grants, client: &str) -> Holder {
    grants.holder("a@example.com", client, vec!["openid".into()], Kind::Offline)
}

#[test]
fn a_used_code_revokes_the_tokens_it_gave() {
    let mut grants = Grants::new();
    let holder = user(&mut grants, "c");
    let code = grants.issue_code(holder.clone(), "http://127.0.0.1:1", None, None, NOW);
    assert!(grants.code(&code, NOW).is_ok());
    grants.use_code(&code);
    let access = grants.issue_access_token(holder.clone(), NOW);
    let refresh = grants.issue_refresh_token(holder);

    assert_eq!(grants.code(&code, NOW).unwrap_err(), Dead::Revoked);
    assert!(grants.access_token(&access, NOW).is_none());
    assert_eq!(grants.refresh_token(&refresh).unwrap_err(), Dead::Revoked);
}

#[test]
fn codes_and_access_tokens_end_with_their_time() {
    let mut grants = Grants::new();
    let holder = user(&mut grants, "c");
    let code = grants.issue_code(holder.clone(), "http://127.0.0.1:1", None, None, NOW);
    assert!(grants.code(&code, NOW + CODE_LIFETIME).is_err());
    let access = grants.issue_access_token(holder, NOW);
    assert!(grants.access_token(&access, NOW + TOKEN_LIFETIME - 1).is_some());
    assert!(grants.access_token(&access, NOW + TOKEN_LIFETIME).is_none());
}

#[test]
fn a_rotated_token_brought_again_ends_the_family_alone() {
    let mut grants = Grants::new();
    let holder = user(&mut grants, "c");
    let bystander = user(&mut grants, "c");
    let other = grants.issue_refresh_token(bystander);
    let first = grants.issue_refresh_token(holder.clone());
    let second = grants.rotate(&first, holder);
    assert!(grants.refresh_token(&second).is_ok());
    assert_eq!(grants.refresh_token(&first).unwrap_err(), Dead::Revoked);
    assert_eq!(grants.refresh_token(&second).unwrap_err(), Dead::Revoked);
    assert!(grants.refresh_token(&other).is_ok());
}

#[test]
fn revoking_an_access_token_takes_the_accounts_grants_to_all_clients() {
    let mut grants = Grants::new();
    let holder = user(&mut grants, "one");
    let elsewhere = user(&mut grants, "two");
    let other = grants.issue_refresh_token(elsewhere);
    let access = grants.issue_access_token(holder, NOW);
    assert_eq!(grants.revoke(&access, NOW), Ok(()));
    assert_eq!(grants.refresh_token(&other).unwrap_err(), Dead::Revoked);
    assert_eq!(grants.revoke(&access, NOW), Err(Unrevocable::Dead));
}

#[test]
fn the_hundred_and_first_refresh_token_drops_the_oldest() {
    let mut grants = Grants::new();
    let tokens: Vec<_> = (0..=REFRESH_TOKENS_PER_ACCOUNT)
        .map(|_| {
            let holder = user(&mut grants, "c");
            grants.issue_refresh_token(holder)
        })
        .collect();
    assert_eq!(grants.refresh_token(&tokens[0]).unwrap_err(), Dead::Revoked);
    assert!(grants.refresh_token(&tokens[1]).is_ok());
    assert!(grants.refresh_token(tokens.last().unwrap()).is_ok());
}
