package topo

import (
	"fmt"
	"strings"
)

// machines are those of testdata/machines that are regular enough to be
// written down here; go test -update packs them anew. The others were packed
// from the real ones with go test -pack.
func machines() map[string]built {
	return map[string]built{
		"desktop": desktop(), "dell-2s-smt": dell(), "xeon-4s-snc": snc(), "dgx-h100": dgx(),
		"epyc-nps4-mi210": epyc(), "laptop-hybrid": laptop(), "cxl-memory": cxl(),
	}
}

func far(socket func(node int) int) func(a, b int) int {
	return func(a, b int) int {
		if socket(a) == socket(b) {
			return 12
		}
		return 21
	}
}

func desktop() built {
	return built{
		model:   "AMD Ryzen 7 5800X 8-Core Processor",
		cores:   regular{1, 1, 1, 8, 2, halves}.build("32K", "32K", "512K"),
		nodeMem: []int64{64}, l3Size: "32768K",
		devices: []builtDevice{
			{address: "0000:01:00.0", class: "0x010802", vendor: "0x144d", device: "0xa80a", driver: "nvme", node: -1, names: []string{"nvme/nvme0"}},
			{address: "0000:05:00.0", class: "0x020000", vendor: "0x10ec", device: "0x8125", driver: "r8169", node: -1, names: []string{"net/enp5s0"}},
			{address: "0000:0a:00.0", class: "0x030000", vendor: "0x10de", device: "0x2684", driver: "nvidia", node: -1,
				model: "NVIDIA GeForce RTX 4090", uuid: "GPU-5c1b4fd8-66b0-9a3e-3ca4-0f7a9d0e2b11"},
		},
	}
}

// dell numbers CPUs by turns, as Dell's firmware does.
func dell() built {
	turns := func(n, thread, total, socket int) int { return 2*(n%(total/2)) + socket + thread*total }
	return built{
		model:   "Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz",
		cores:   regular{2, 1, 1, 28, 2, turns}.build("48K", "32K", "1280K"),
		nodeMem: []int64{256, 256}, l3Size: "43008K",
		distance: func(a, b int) int { return 20 },
		devices: []builtDevice{
			{address: "0000:31:00.0", class: "0x020000", vendor: "0x15b3", device: "0x101d", driver: "mlx5_core", node: 0, names: []string{"infiniband/mlx5_0", "net/eno12399np0"}},
			{address: "0000:31:00.1", class: "0x020000", vendor: "0x15b3", device: "0x101d", driver: "mlx5_core", node: 0, names: []string{"infiniband/mlx5_1", "net/eno12409np1"}},
			{address: "0000:03:00.0", class: "0x030000", vendor: "0x102b", device: "0x0536", driver: "mgag200", node: 0},
			{address: "0000:b1:00.0", class: "0x010802", vendor: "0x1e0f", device: "0x0013", driver: "nvme", node: 1, names: []string{"nvme/nvme0"}},
		},
	}
}

// snc has an L3 cache per socket that two clusters share, each of them a node.
func snc() built {
	b := built{
		model:   "Intel(R) Xeon(R) Platinum 8450H",
		cores:   regular{4, 2, 1, 12, 2, halves}.build("48K", "32K", "2048K"),
		nodeMem: []int64{128, 128, 128, 128, 128, 128, 128, 128}, l3Size: "76800K",
		distance: far(func(n int) int { return n / 2 }),
	}
	for i := range b.cores {
		b.cores[i].l3 = b.cores[i].socket
	}
	return b
}

// dgx is NVIDIA's DGX H100 with the addresses that its user guide shows.
func dgx() built {
	b := built{
		model:   "Intel(R) Xeon(R) Platinum 8480C",
		cores:   regular{2, 1, 1, 56, 2, halves}.build("48K", "32K", "2048K"),
		nodeMem: []int64{1008, 1008}, l3Size: "107520K",
		distance: func(a, b int) int { return 21 },
	}
	for i, bus := range []string{"1b", "43", "52", "61", "9d", "c3", "d1", "df"} {
		b.devices = append(b.devices, builtDevice{address: "0000:" + bus + ":00.0", class: "0x030200", vendor: "0x10de", device: "0x2330",
			driver: "nvidia", node: i / 4, model: "NVIDIA H100 80GB HBM3", uuid: fmt.Sprintf("GPU-%08x-1c5d-4e2f-a0b1-7d3c9e5f80%02x", 0x3f7a12c0+0x11111111*i, i)})
	}
	for i, bus := range []string{"18", "40", "4f", "5e", "9a", "c0", "ce", "dc"} {
		var n int
		fmt.Sscanf(bus, "%x", &n)
		b.devices = append(b.devices, builtDevice{address: "0000:" + bus + ":00.0", class: "0x020700", vendor: "0x15b3", device: "0x1021",
			driver: "mlx5_core", node: i / 4, names: []string{fmt.Sprintf("infiniband/mlx5_%d", i), fmt.Sprintf("net/ibp%ds0", n)}})
	}
	return b
}

// epyc has four nodes per socket and eight GPUs of AMD's.
func epyc() built {
	b := built{
		model:   "AMD EPYC 7763 64-Core Processor",
		cores:   regular{2, 4, 2, 8, 2, halves}.build("32K", "32K", "512K"),
		nodeMem: []int64{64, 64, 64, 64, 64, 64, 64, 64}, l3Size: "32768K",
		distance: func(a, b int) int {
			if a/4 == b/4 {
				return 12
			}
			return 32
		},
		more: files{},
	}
	for i := range 2 {
		dir := fmt.Sprintf("%s/%d/", kfdDir, i)
		b.more.set(dir+"gpu_id", "0")
		b.more.set(dir+"properties", "cpu_cores_count 128\nsimd_count 0\nlocation_id 0")
		b.more.set(dir+"name", "")
	}
	for i, bus := range []int{0x29, 0x2c, 0x2f, 0x32, 0xad, 0xb0, 0xb3, 0xb6} {
		address := fmt.Sprintf("0000:%02x:00.0", bus)
		node := []int{3, 3, 1, 1, 7, 7, 5, 5}[i]
		b.devices = append(b.devices, builtDevice{address: address, class: "0x038000", vendor: "0x1002", device: "0x740f", driver: "amdgpu", node: node})
		dir := fmt.Sprintf("%s/%d/", kfdDir, i+2)
		b.more.set(dir+"gpu_id", fmt.Sprint(41000+7*i))
		b.more.set(dir+"properties", strings.Join([]string{"cpu_cores_count 0", "simd_count 416", fmt.Sprintf("drm_render_minor %d", 128+i),
			fmt.Sprintf("unique_id %d", uint64(0x1a2b3c4d5e6f7000)+uint64(i)), fmt.Sprintf("location_id %d", bus<<8), "domain 0", "vendor_id 4098"}, "\n"))
		b.more.set(dir+"name", "aldebaran")
		b.more.set(fmt.Sprintf("dev/dri/renderD%d", 128+i), "")
	}
	return b
}

// laptop has four cores of two threads and eight small ones, four of which share
// an L2 cache.
func laptop() built {
	b := built{
		model:   "12th Gen Intel(R) Core(TM) i7-1260P",
		cores:   regular{1, 1, 1, 4, 2, pairs}.build("48K", "32K", "1280K"),
		nodeMem: []int64{32}, l3Size: "18432K",
		devices: []builtDevice{
			{address: "0000:00:02.0", class: "0x030000", vendor: "0x8086", device: "0x46a6", driver: "i915", node: -1},
			{address: "0000:00:14.3", class: "0x028000", vendor: "0x8086", device: "0x51f0", driver: "iwlwifi", node: -1, names: []string{"net/wlp0s20f3"}},
			{address: "0000:01:00.0", class: "0x010802", vendor: "0x15b7", device: "0x5011", driver: "nvme", node: -1, names: []string{"nvme/nvme0"}},
		},
		more: files{},
	}
	for i := range b.cores {
		b.cores[i].coreID = 4 * i
	}
	for i := range 8 {
		b.cores = append(b.cores, builtCore{cpus: []int{8 + i}, l2: 100 + i/4, l1Size: "32K", l1iSize: "64K", l2Size: "2048K", coreID: 16 + i})
	}
	b.more.set("sys/devices/cpu_core/cpus", "0-7")
	b.more.set("sys/devices/cpu_atom/cpus", "8-15")
	return b
}

// cxl has a node of memory alone, and a GPU that claims to be near it.
func cxl() built {
	b := built{
		model:   "Intel(R) Xeon(R) 6740P",
		cores:   regular{2, 1, 1, 8, 1, halves}.build("48K", "64K", "2048K"),
		nodeMem: []int64{128, 128, 512}, l3Size: "294912K",
		distance: func(a, b int) int {
			if a+b == 3 {
				return 14 // node 2 is near node 1
			}
			return 24
		},
	}
	for i, node := range []int{0, 2} {
		b.devices = append(b.devices, builtDevice{address: fmt.Sprintf("0000:%02x:00.0", 0x10+i), class: "0x030200", vendor: "0x10de", device: "0x26b9",
			driver: "nvidia", node: node, model: "NVIDIA L40S", uuid: fmt.Sprintf("GPU-0d4f6a8%d-93b1-42c7-8e15-6b7c2d90fa3%d", i, i)})
	}
	return b
}

// upstream is a synthetic machine of the vectors in torch's tests: siblings are
// 2i and 2i+1, CPUs are numbered node by node, and so are the GPUs.
func upstream(sockets, nodes, gpus, l3s, cores int) built {
	b := built{cores: regular{sockets, nodes, l3s, cores, 2, pairs}.build("32K", "32K", "1024K"), l3Size: "16384K",
		distance: far(func(n int) int { return n / nodes })}
	for node := range sockets * nodes {
		b.nodeMem = append(b.nodeMem, 16)
		for range gpus {
			n := len(b.devices)
			b.devices = append(b.devices, builtDevice{address: fmt.Sprintf("0000:%02x:00.0", n+1), class: "0x030200", vendor: "0x10de", device: "0x2330",
				driver: "nvidia", node: node, model: "GPU", uuid: fmt.Sprintf("GPU-%08x", n)})
		}
	}
	return b
}
