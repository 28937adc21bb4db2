// Makes the sample image when it is missing and prints the path of its archive.
import { main } from './steps/run.mjs';
import { ensureSampleImage } from './steps/sample-image.mjs';

await main(async () => {
  console.log(await ensureSampleImage());
});
