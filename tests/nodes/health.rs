//! What a load balancer asks a node follows the database.

use motcua_test_cluster::Cluster;
use motcua_tests::database::Database;
use motcua_tests::{World, until};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

pub(crate) async fn until_all_are(world: &World, status: ServingStatus) {
    let uri = Endpoint::from_shared(world.url()).expect("a URI").connect_lazy();
    let mut health = HealthClient::new(uri);
    for service in motcua_api::SERVICES.into_iter().chain([""]) {
        until(status.as_str_name(), async || {
            let asked = HealthCheckRequest { service: service.into() };
            let told = health.check(asked).await.expect("the node is there").into_inner().status;
            (told == status as i32).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_database_is_gone_says_so_until_it_is_back() {
    let cluster = Cluster::start(&[]);
    let world = World::start_on_database(Database::Postgres(cluster.database())).await;
    until_all_are(&world, ServingStatus::Serving).await;
    tokio::task::block_in_place(|| cluster.stop());
    until_all_are(&world, ServingStatus::NotServing).await;
    tokio::task::block_in_place(|| cluster.start_again());
    until_all_are(&world, ServingStatus::Serving).await;
}
