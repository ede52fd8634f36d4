use assay_test_support::world::World;
#[tokio::test]
async fn timing() {
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let world = World::start().await;
        println!("start {:?}", t.elapsed());
        let c = world.connect().await;
        println!("connect {:?}", t.elapsed());
        world.sync_all(&c).await;
        println!("sync {:?}", t.elapsed());
        world.evaluate().await;
        println!("evaluate {:?}", t.elapsed());
        world.work().await;
        println!("work {:?}", t.elapsed());
        world.tickets().await;
        println!("tickets {:?}", t.elapsed());
        world.settle(2).await;
        println!("settle {:?}", t.elapsed());
        world.upkeep().run(assay::clock::after(world.time.now(), 200)).await.unwrap();
        println!("upkeep {:?}", t.elapsed());
    }
}
