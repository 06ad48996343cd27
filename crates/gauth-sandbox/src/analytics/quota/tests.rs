use super::super::properties;
use super::*;

fn begin(quotas: &Arc<Quotas>, id: u64, now: Instant) -> Result<Running, String> {
    let property = properties::find(id).expect("exists");
    quotas.begin(property, Category::Core, None, false, now).map_err(|refusal| refusal.message)
}

#[test]
fn the_eleventh_request_at_a_time_is_refused() {
    let quotas = Arc::new(Quotas::default());
    let now = Instant::now();
    let mut running: Vec<Running> = (0..10).map(|_| begin(&quotas, 123_456, now).expect("admitted")).collect();
    let refusal = begin(&quotas, 123_456, now).err().unwrap_or_default();
    assert!(refusal.starts_with("Exhausted concurrent requests quota."), "{refusal}");
    running.pop();
    assert!(begin(&quotas, 123_456, now).is_ok());
}

#[test]
fn tokens_run_out_and_come_back_within_the_hour() {
    let quotas = Arc::new(Quotas::default());
    let now = Instant::now();
    for (id, tokens, wait, start) in [
        (123_456, 14_000, 1, "Exhausted property tokens for a project per hour. "),
        (123_457, 40_000, 1, "Exhausted property tokens per hour. "),
        (123_458, 200_000, 24, "Exhausted property tokens per day. "),
    ] {
        begin(&quotas, id, now).expect("admitted").charge(tokens);
        let refusal = begin(&quotas, id, now).err().unwrap_or_default();
        assert!(refusal.starts_with(start), "{refusal}");
        assert!(begin(&quotas, id, now + HOUR * wait).is_ok());
    }
}

#[test]
fn thresholded_requests_are_counted() {
    let quotas = Arc::new(Quotas::default());
    let property = properties::find(123_456).expect("exists");
    let now = Instant::now();
    for _ in 0..120 {
        assert!(quotas.begin(property, Category::Core, None, true, now).is_ok());
    }
    let refusal = quotas.begin(property, Category::Core, None, true, now).err().expect("refused");
    assert_eq!(refusal.message, "Exhausted potentially thresholded requests quota.");
    assert!(quotas.begin(property, Category::Core, None, false, now).is_ok());
}
